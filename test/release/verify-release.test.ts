import { copyFile, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPublicKey, renderSigner } from '../../builder/release/folder/signers.ts';
import { listFiles, SUMS, SUMS_SIGNATURE } from '../../builder/release/folder/sums.ts';
import { verifyRelease } from '../../builder/release/taking/verify-release.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { findImagerComplaints } from '../rpi-imager/imager-list.ts';
import { makeKey, type SampleRelease, withRelease } from './sample-release.ts';

const verify = ({ release, signers }: Pick<SampleRelease, 'release' | 'signers'>) => verifyRelease(createQuietSession(), release, signers);
/** What it says, or that it says nothing. */
const refusal = (sample: Pick<SampleRelease, 'release' | 'signers'>) =>
  verify(sample).then(
    () => 'it was taken',
    (error: Error) => error.message,
  );

describe('verifying a release', () => {
  it('takes one that is whole, and says what it looked at', () =>
    withRelease(async (sample) => {
      const verified = await verify(sample);
      expect(findImagerComplaints(await readFile(join(sample.release, 'os_list.json'), 'utf8'))).toEqual([]);
      expect(verified).toMatchObject({ profile: 'maison', files: (await listFiles(sample.release)).length });
      expect(verified.checked.join('\n')).toMatch(/Signed by SHA256:[\s\S]*what it extracts to[\s\S]*seed region is empty/);
    }));

  it('refuses it after any one byte of any file has changed, and names the file', () =>
    withRelease(async (sample) => {
      const paths = [...(await listFiles(sample.release)), SUMS, SUMS_SIGNATURE];
      const place = fc.tuple(
        fc.constantFrom(...paths),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.integer({ min: 1, max: 255 }),
      );
      await fc.assert(
        fc.asyncProperty(place, async ([path, where, flip]) => {
          const file = join(sample.release, path);
          const bytes = await readFile(file);
          const at = Math.floor(where * bytes.length);
          const changed = Buffer.from(bytes);
          changed.writeUInt8((bytes[at] ?? 0) ^ flip, at);
          await writeFile(file, changed);
          const said = await refusal(sample);
          await writeFile(file, bytes);
          expect(said).toContain(`"${path === SUMS ? SUMS_SIGNATURE : path}"`);
        }),
        { numRuns: 40, examples: paths.map((path): [[string, number, number]] => [[path, 0.999999, 1]]) },
      );
    }));

  it('refuses it after any file was taken away, added, or given the name of another', () =>
    withRelease(async (sample) => {
      const paths = await listFiles(sample.release);
      for (const path of paths) {
        const file = join(sample.release, path);
        await rename(file, `${sample.folder}/aside`);
        expect(await refusal(sample), path).toContain(`"${path}"`);
        await copyFile(join(sample.release, SUMS), file);
        expect(await refusal(sample), path).toContain(`"${path}"`);
        await rm(file);
        await symlink(`${sample.folder}/aside`, file);
        expect(await refusal(sample), path).toContain(`"${path}"`);
        await rename(`${sample.folder}/aside`, file);
        await writeFile(`${file}.more`, '');
        expect(await refusal(sample), path).toContain(`"${path}.more"`);
        await rm(`${file}.more`);
      }
      for (const path of [SUMS, SUMS_SIGNATURE]) {
        await rename(join(sample.release, path), `${sample.folder}/aside`);
        expect(await refusal(sample), path).toContain(path);
        await rename(`${sample.folder}/aside`, join(sample.release, path));
      }
      expect(await refusal(sample)).toBe('it was taken');
    }));

  it('refuses what another key signed, or this one for another purpose', () =>
    withRelease(async (sample) => {
      const stranger = `${renderSigner(await readPublicKey(await makeKey(sample.folder, 'stranger')))}\n`;
      expect(await refusal({ ...sample, signers: stranger })).toContain(SUMS_SIGNATURE);
      await rm(join(sample.release, SUMS_SIGNATURE));
      await runCommand(['ssh-keygen', '-q', '-Y', 'sign', '-n', 'file', '-f', sample.keyFile, join(sample.release, SUMS)]);
      expect(await refusal(sample)).toContain(SUMS_SIGNATURE);
    }));

  it('is the same as what the page says to do with stock tools', () =>
    withRelease(async ({ release }) => {
      const page = await readFile(join(release, 'index.html'), 'utf8');
      const [, code = ''] = /<pre><code>([\s\S]*?)<\/code><\/pre>/.exec(page) ?? [];
      const script = code.replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&quot;', '"');
      const run = () => runCommand(['sh', '-euc', script], { cwd: release });
      expect(String(await run())).toContain('maison.img.xz: OK');
      await writeFile(join(release, 'NOTES.md'), 'another');
      await expect(run()).rejects.toThrow('1 computed checksum did NOT match');
    }));
});
