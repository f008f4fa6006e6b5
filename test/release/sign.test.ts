import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { signRelease } from '../../builder/release/folder/sign.ts';
import { renderSums, SUMS, sumFolder } from '../../builder/release/folder/sums.ts';
import { verifyRelease } from '../../builder/release/taking/verify-release.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { withRelease } from './sample-release.ts';

const session = createQuietSession();

describe('signing a release', () => {
  it('needs no more of the key than its private half, as CI has it, and asks nobody for a passphrase', () =>
    withRelease(async ({ release, keyFile, signers }) => {
      await rm(`${keyFile}.pub`);
      await signRelease(release, keyFile, session.signal);
      expect(await verifyRelease(session, release, signers)).toMatchObject({ profile: 'maison' });
      await runCommand(['ssh-keygen', '-q', '-p', '-P', '', '-N', 'correct horse', '-f', keyFile]);
      await expect(signRelease(release, keyFile, session.signal)).rejects.toThrow(`the public half of the key "${keyFile}"`);
    }));

  it('signs no name that a reader takes for two: sha256sum would look outside of the folder', () =>
    withRelease(async ({ release, keyFile }) => {
      const folder = join(release, `NOTES.md\n${'0'.repeat(64)}  ..`);
      await mkdir(folder);
      await writeFile(join(folder, '.profile'), '');
      await writeFile(join(release, SUMS), renderSums(await sumFolder(release, session.signal)));
      await expect(signRelease(release, keyFile, session.signal)).rejects.toThrow('names no file of a release');
    }));
});
