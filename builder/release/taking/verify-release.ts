import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../kit/failure.ts';
import { hashFile } from '../../../kit/hash-file.ts';
import type { Session } from '../../../kit/session.ts';
import { verifyFile } from '../../cards/verify-file.ts';
import { followRotations, KEY_STATEMENTS } from '../folder/key-rotation.ts';
import { checkSums } from '../folder/signers.ts';
import { listFiles, parseSums, SUMS, SUMS_SIGNATURE, type Sum } from '../folder/sums.ts';

export interface VerifiedRelease {
  /** Fingerprint of the key that signed. */
  readonly signer: string;
  readonly profile: string;
  readonly files: number;
  /** What was found right, a sentence each. */
  readonly checked: readonly string[];
}

/**
 * Checks a release's folder with nothing but the public key: the signature of the list, that the list and the folder name the same files, each file's hash,
 * and that the image is what its own papers say and holds no seed.
 * @param allowedSigners content of ssh-keygen's allowed_signers: readSigners() makes it of a public key.
 * @throws {Failure} that names the first file that is not as it was signed.
 */
export async function verifyRelease(session: Session, folder: string, allowedSigners: string): Promise<VerifiedRelease> {
  // First: what is no file can't be read to its end.
  const found = existsSync(folder) ? await listFiles(folder) : [];
  const text = await readText(folder, SUMS);
  const statements = await readFile(join(folder, KEY_STATEMENTS), 'utf8').catch(() => '');
  const signers = await followRotations(allowedSigners, statements, session.signal);
  const signer = await checkSums(text, await readText(folder, SUMS_SIGNATURE), signers, session.signal);
  const sums = parseSums(text);
  checkNames(sums, found);
  await session.progress.step(`Reading ${sums.length} files`, async (note) => {
    for (const [index, sum] of sums.entries()) {
      note(`${index + 1} of ${sums.length}: ${sum.path}`);
      if ((await hashFile(join(folder, sum.path), session.signal)) !== sum.sha256)
        throw refuse(sum.path, 'its SHA-256 is not the one that was signed');
    }
  });
  const profile = findProfileName(sums);
  const image = join(folder, `${profile}.img.xz`);
  const verified = await session.progress.step(`Decoding "${profile}.img.xz"`, () =>
    verifyFile(image, { allowedSigners: '', settingsOf: () => [], signal: session.signal }),
  );
  if (verified.seed) throw refuse(`${profile}.img.xz`, `it holds a seed of "${verified.seed.client}", and a release is for everybody`);
  const names = `Signed by ${signer}`;
  return { signer, profile, files: sums.length, checked: [names, `${sums.length} files are those that were signed`, ...verified.checked] };
}

function checkNames(sums: readonly Sum[], found: readonly string[]): void {
  const named = new Set(sums.map(({ path }) => path));
  const there = new Set(found);
  const added = found.find((path) => !named.has(path));
  if (added !== undefined) throw refuse(added, 'it was not signed: it was added later');
  const missing = sums.find(({ path }) => !there.has(path));
  if (missing) throw refuse(missing.path, 'it was signed, and is missing');
}

/** A release is of one profile: NAME.img.xz stands at its top. */
export function findProfileName(sums: readonly Sum[]): string {
  const [image, ...more] = sums.filter(({ path }) => /^[^/]+\.img\.xz$/.test(path));
  if (image && more.length === 0) return image.path.slice(0, -'.img.xz'.length);
  throw new Failure('Cannot use this release: it is not of one profile', { hint: 'Ask its publisher' });
}

async function readText(folder: string, name: string): Promise<string> {
  // Byte for byte: what is no UTF-8 must not become it.
  return readFile(join(folder, name), 'latin1').catch((cause: Error) => {
    throw new Failure(`Cannot verify "${folder}": there is no ${name} in it`, { hint: 'Name the folder of a signed release', cause });
  });
}

function refuse(path: string, why: string): Failure {
  return new Failure(`Cannot trust "${path}": ${why}`, { hint: 'Download the release again; if it stays so, tell its publisher' });
}
