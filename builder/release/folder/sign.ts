import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../../kit/atomic-file.ts';
import { EXIT, Failure } from '../../../kit/failure.ts';
import { fingerprintOf } from '../../../kit/ssh-signature.ts';
import { readPublicKey, signSums } from './signers.ts';
import { parseSums, renderSums, SUMS, SUMS_SIGNATURE, sumFolder } from './sums.ts';

/** The key that signed, one line; a reader compares it with what they were given by another way. */
export const PUBLIC_KEY = 'release.pub';

/**
 * Signs a release's folder as it is now: the key's public half is put in it, everything is summed again, and the sums are signed.
 * @returns the fingerprint of the key.
 * @throws {Failure} when a file isn't what was summed when the release was made, has a name that no release gives, or the key can't sign.
 */
export async function signRelease(folder: string, keyFile: string, signal: AbortSignal): Promise<string> {
  const made = await readFile(join(folder, SUMS), 'utf8').catch((cause: Error) => {
    throw new Failure(`Cannot sign "${folder}": there is no ${SUMS} in it`, { hint: 'Name the folder of a release', exitCode: EXIT.usage, cause });
  });
  const publicKey = await readPublicKey(keyFile);
  await writeFileAtomically(join(folder, PUBLIC_KEY), `${publicKey}\n`);
  const sums = await sumFolder(folder, signal);
  const isSame = renderSums(sums.filter(({ path }) => path !== PUBLIC_KEY)) === made.replace(/^.{64} {2}release\.pub\n/m, '');
  if (!isSame) {
    throw new Failure(`Cannot sign "${folder}": its files are not those that its ${SUMS} names`, {
      hint: 'Make the release again; if it came from another job, look at how it was carried here',
    });
  }
  const text = renderSums(sums);
  // Names that a reader would refuse, or that stock tools would take for two, are not signed.
  parseSums(text);
  const signature = await signSums(text, keyFile, signal);
  await writeFileAtomically(join(folder, SUMS), text);
  await writeFileAtomically(join(folder, SUMS_SIGNATURE), signature);
  return fingerprintOf(publicKey);
}
