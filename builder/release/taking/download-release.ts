import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT, Failure } from '../../../kit/failure.ts';
import type { Note, Session } from '../../../kit/session.ts';
import { downloadFile } from '../../fetch/download.ts';
import { fetchDocument } from '../../fetch/fetch-document.ts';
import { showUrl } from '../../fetch/web-request.ts';
import { followRotations, KEY_STATEMENTS, MOST_STATEMENT_BYTES } from '../folder/key-rotation.ts';
import { checkSums } from '../folder/signers.ts';
import { parseSums, SUMS, SUMS_SIGNATURE, type Sum } from '../folder/sums.ts';

/** More than the list of a release with a pool of all its packages. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface SignedList {
  /** The folder's address, without a slash at the end. */
  readonly url: string;
  /** The bytes as they were downloaded. */
  readonly text: string;
  readonly signature: string;
  readonly sums: readonly Sum[];
  /** Fingerprint of the key that signed. */
  readonly signer: string;
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}

/**
 * The list of a release that lies on a web server, its signature checked: nothing else but how its key changed is asked for before.
 * @throws {Failure} when it isn't there, or isn't signed by one of the signers.
 */
export async function fetchSignedList(session: Session, address: string, allowedSigners: string): Promise<SignedList> {
  const url = address.replace(/\/(index\.html)?$/, '');
  const [text, signature, statements] = await session.progress.step('Reading the list of the release', async (note) => [
    (await fetchText(session, url, SUMS, note)).toString('latin1'),
    (await fetchText(session, url, SUMS_SIGNATURE, note)).toString('latin1'),
    (await fetchDocument(session, `${url}/${KEY_STATEMENTS}`, { most: MOST_STATEMENT_BYTES, note }))?.toString('utf8') ?? '',
  ]);
  const signer = await checkSums(text, signature, await followRotations(allowedSigners, statements, session.signal), session.signal);
  return { url, text, signature, sums: parseSums(text), signer };
}

async function fetchText(session: Session, url: string, name: string, note: Note): Promise<Buffer> {
  const found = await fetchDocument(session, `${url}/${name}`, { most: MOST_BYTES, note });
  if (found) return found;
  throw new Failure(`Cannot find a release at "${showUrl(url)}": there is no ${name}`, {
    hint: 'Give the address of its folder',
    exitCode: EXIT.usage,
  });
}

/**
 * Downloads files of a release into `folder`, each compared with what was signed; what was cut goes on from where it was.
 * @throws {Failure} that names the first file that can't be had, or is another.
 */
export async function downloadFiles(session: Session, { url }: SignedList, sums: readonly Sum[], folder: string): Promise<void> {
  const parts = `${folder}.parts`;
  for (const { path, sha256 } of sums) {
    await session.progress.step(`Downloading "${path}"`, async (note) => {
      const part = join(parts, sha256);
      await downloadFile(session, `${url}/${path.split('/').map(encodeURIComponent).join('/')}`, part, { sha256, note });
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await rename(part, join(folder, path));
    });
  }
  await rm(parts, { recursive: true, force: true });
}

/** The whole release, as it lies there. */
export async function downloadRelease(session: Session, list: SignedList, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await downloadFiles(session, list, list.sums, folder);
  await writeFile(join(folder, SUMS), list.text, 'latin1');
  await writeFile(join(folder, SUMS_SIGNATURE), list.signature, 'latin1');
}
