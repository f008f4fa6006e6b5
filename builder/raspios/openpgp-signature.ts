import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Key, Signature } from 'openpgp';
import { Failure } from '../../kit/failure.ts';

/** "Raspberry Pi Downloads Signing Key": the one of before November 2025, and the one since. */
export const RASPBERRY_PI_SIGNERS: readonly string[] = ['54C3DD610D9D1B4AF82A37758738CD6B956F460C', 'F4AADD86C4687D69AE04543E796C114AD12B2292'];

export interface SignatureCheck {
  readonly file: string;
  /** What messages call it. */
  readonly name: string;
  /** Armoured or not; keys may be several. A key counts only if its fingerprint is in `signers`. */
  readonly signature: Uint8Array;
  readonly keys: Uint8Array;
  readonly signers: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Checks a detached signature (RFC 9580, section 10.4), reading the file once.
 * @returns the signer's fingerprint; undefined when it may be well, but the keys lack the signer's.
 * @throws {Failure} when it is wrong, or by a key that isn't trusted.
 */
export async function checkSignature({ file, name, signature: bytes, keys, signers, signal }: SignatureCheck): Promise<string | undefined> {
  // It is large, and few commands need it.
  const { createMessage, verify } = await import('openpgp');
  const signature = await readSignature(name, bytes);
  const trusted = (await readKeys(name, keys)).filter((key) => signers.includes(fingerprintOf(key)));
  const [id] = signature.getSigningKeyIDs();
  const signer = trusted.find((key) => key.getKeyIDs().some((own) => id !== undefined && own.equals(id)));
  if (!signer) {
    const hex = id?.toHex().toUpperCase() ?? '';
    if (hex !== '' && signers.some((fingerprint) => fingerprint.endsWith(hex))) return undefined;
    throw new WrongSignature(`Cannot use "${name}": it is signed by the key ${hex}, which is not trusted; nothing is kept`, {
      hint: 'If that is your own mirror, add the fingerprint of its key as "raspios: signers:" in semeur.yaml',
    });
  }
  const stream = Readable.toWeb(createReadStream(file, { signal, highWaterMark: 1024 * 1024 }));
  const message = await createMessage({ binary: stream as never });
  const { data, signatures } = await verify({ message, signature, verificationKeys: [signer], format: 'binary' });
  const [result] = signatures;
  const verdict = result?.verified.then(
    () => undefined,
    (error: unknown) => error,
  );
  await readThrough(data as unknown as ReadableStream<Uint8Array>, signal);
  const wrong = result ? await verdict : new Error('no signature');
  if (wrong === undefined) return fingerprintOf(signer);
  throw new WrongSignature(`Cannot use "${name}": its signature is wrong; nothing is kept`, {
    hint: 'Download it again; if it stays so, somebody changed the file: take another mirror',
    cause: wrong,
  });
}

/** The library hashes what is read here, a chunk at a time. It has put a reader of its own in the stream, which an iterator would pass by. */
async function readThrough(data: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  const reader = data.getReader();
  while (!(await reader.read()).done) signal.throwIfAborted();
}

/** A failure after which nothing may be kept. */
export class WrongSignature extends Failure {}

async function readSignature(name: string, bytes: Uint8Array): Promise<Signature> {
  const { readSignature } = await import('openpgp');
  const [armored] = splitArmor(bytes);
  try {
    return await (armored === undefined ? readSignature({ binarySignature: bytes }) : readSignature({ armoredSignature: armored }));
  } catch (cause) {
    throw new WrongSignature(`Cannot use "${name}": what stands as its signature is none; nothing is kept`, {
      hint: 'Look at the file beside it that ends with ".sig"',
      cause,
    });
  }
}

async function readKeys(name: string, bytes: Uint8Array): Promise<Key[]> {
  const { readKeys } = await import('openpgp');
  const blocks = splitArmor(bytes);
  try {
    if (blocks.length === 0) return await readKeys({ binaryKeys: bytes });
    return (await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })))).flat();
  } catch (cause) {
    throw new Failure(`Cannot check the signature of "${name}": the file of keys holds none`, {
      hint: 'Give OpenPGP public keys as "raspios: keys:" in semeur.yaml',
      cause,
    });
  }
}

/** The library reads but the first of several armoured blocks. */
function splitArmor(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString('latin1');
  return text.match(/-----BEGIN PGP [A-Z ]+-----[\s\S]*?-----END PGP [A-Z ]+-----/g) ?? [];
}

function fingerprintOf(key: Key): string {
  return key.getFingerprint().toUpperCase();
}
