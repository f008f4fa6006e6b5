import { readFile } from 'node:fs/promises';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { fetchDocument } from '../fetch/fetch-document.ts';
import type { Patience } from '../fetch/patience.ts';
import { checkSignature, RASPBERRY_PI_SIGNERS } from './openpgp-signature.ts';
import { OFFICIAL_OS_LIST } from './os-list.ts';

/** Raspberry Pi's own; what it holds is trusted by fingerprint alone. */
const OFFICIAL_KEYS = 'https://www.raspberrypi.org/raspberrypi_downloads.gpg.key';
const MOST_BYTES = 1024 * 1024;

/** Where images come from, and who may have signed them. */
export interface OsImageSource {
  readonly list: string;
  /** OpenPGP public keys: the path of a file, or an address. */
  readonly keys: string;
  /** Fingerprints besides Raspberry Pi's own. */
  readonly signers: readonly string[];
  /** Whether an image without a signature is refused. */
  readonly required: boolean;
}

export const OFFICIAL_SOURCE: OsImageSource = { list: OFFICIAL_OS_LIST, keys: OFFICIAL_KEYS, signers: [], required: false };

/** A signature, and the keys to check it with; undefined when there is none, which was told. */
export interface FoundSignature {
  readonly signature: Uint8Array;
  readonly keys: Uint8Array;
}

/**
 * Looks for the signature beside an image before the image itself is downloaded: without one that is required, nothing is.
 * @param signature undefined when there is none.
 */
export async function findKeys(
  session: Session,
  name: string,
  signature: Uint8Array | undefined,
  source: OsImageSource,
  patience?: Partial<Patience>,
): Promise<FoundSignature | undefined> {
  if (signature === undefined) return miss(session, source, name, 'there is no signature beside it');
  const keys = await (/^https?:/.test(source.keys) ? fetchKeys(session, source.keys, patience) : readKeys(source.keys));
  return keys ? { signature, keys } : miss(session, source, name, "the signer's key can't be fetched");
}

/** @throws {Failure} when the signature is wrong, or can't be checked although it is required. */
export async function checkFound(
  session: Session,
  file: string,
  name: string,
  found: FoundSignature | undefined,
  source: OsImageSource,
): Promise<void> {
  if (!found) return;
  const signers = [...RASPBERRY_PI_SIGNERS, ...source.signers.map((fingerprint) => fingerprint.replaceAll(/\s/g, '').toUpperCase())];
  const signer = await session.progress.step('Checking the signature', () =>
    checkSignature({ file, name, ...found, signers, signal: session.signal }),
  );
  if (signer === undefined) miss(session, source, name, "the file of keys lacks the signer's");
}

/** Raspberry Pi's own host may be out of reach where a mirror isn't: that is no reason to fail, unless a signature is required. */
async function fetchKeys(session: Session, url: string, patience?: Partial<Patience>): Promise<Buffer | undefined> {
  try {
    return await fetchDocument(session, url, { most: MOST_BYTES, patience: { ...patience, tries: 2 } });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

async function readKeys(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new Failure(`Cannot open the file of keys "${file}"`, { hint: 'Look at "raspios: keys:" in semeur.yaml', cause });
  });
}

function miss({ progress }: Session, { required }: OsImageSource, name: string, why: string): undefined {
  if (!required) {
    progress.warn(`The signature of "${name}" is not checked: ${why}; its SHA-256 is`);
    return undefined;
  }
  throw new Failure(`Cannot use "${name}": ${why}, and this workspace requires it`, {
    hint: 'Give the keys as "raspios: keys:" in semeur.yaml, take another list, or leave out "signature: required"',
  });
}
