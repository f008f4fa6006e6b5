import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { composeTail } from '../../builder/image/compose.ts';
import { compressPrefix } from '../../builder/image/compress.ts';
import { ingestPrefix } from '../../builder/image/ingest.ts';
import { type Prefix, prefixFile } from '../../builder/image/prefix.ts';
import { writeImage } from '../../builder/image/write-image.ts';
import { renderLock } from '../../builder/profile/lock.ts';
import type { ReleaseDifference } from '../../builder/release/comparing/compare-releases.ts';
import { addReleaseDiff } from '../../cli/verbs/release-diff.ts';
import type { Report } from '../../kit/session.ts';
import { hostXz } from '../image/host-xz.ts';
import { createQuietSession, MIB, makePrefix, makeRegion, withCache } from '../image/sample-prefix.ts';
import { sampleImage, sampleLock } from './sample-lock.ts';

const session = createQuietSession();
let reports: Report[] = [];
beforeEach(() => {
  reports = [];
});

/** Runs a verb as main does. */
async function runDiff(before: string, after: string): Promise<{ json: ReleaseDifference; text: readonly string[] }> {
  const release = new Command('release').exitOverride();
  addReleaseDiff(release, async (verb) => void reports.push(await verb(session)));
  await release.parseAsync(['diff', before, after], { from: 'user' });
  const [report] = reports;
  if (!report) throw new Error('nothing was reported');
  return { json: report.json as ReleaseDifference, text: report.text };
}

/** The files of a release that are compared, and its image. */
async function writeRelease(folder: string, prefix: Prefix, lock: ReturnType<typeof sampleLock>): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'maison.blocks.json'), JSON.stringify(prefix));
  await writeFile(join(folder, 'maison.lock'), renderLock(lock));
  await writeImage(prefix, (await composeTail(prefix, makeRegion(0), 'xz')).tail, 'xz', join(folder, 'maison.img.xz'), { signal: session.signal });
  return folder;
}

async function changePrefix(folder: string, before: Prefix, offset: number): Promise<Prefix> {
  const raw = join(folder, 'next.img');
  await copyFile(prefixFile(before.digest, 'img'), raw);
  const bytes = await readFile(raw);
  bytes.write('something new', offset);
  await writeFile(raw, bytes);
  return compressPrefix(await ingestPrefix(raw, { profile: 'maison', alwaysMapped: [] }), 'xz', hostXz, session);
}

describe('release diff', () => {
  it('says which blocks changed, what of the image is to be fetched, and which packages are new', () =>
    withCache(async (folder) => {
      const prefix = await compressPrefix(await makePrefix(folder), 'xz', hostXz, session);
      const next = await changePrefix(folder, prefix, 17 * MIB);
      const [june, september] = [sampleImage('2026-06-18'), sampleImage('2026-09-10')];
      const locks = [
        sampleLock({ base: ['curl_8-1_arm64.deb', 'nano_8-1_arm64.deb', 'vim_9-2_arm64.deb'], toolbox: ['xz-utils_5-1_amd64.deb'] }, june),
        sampleLock({ base: ['curl_8-2_arm64.deb', 'vim_9-1_arm64.deb'], added: ['ed_1-1_all.deb'], toolbox: ['xz-utils_5-1_amd64.deb'] }, september),
      ] as const;
      const before = await writeRelease(join(folder, '1'), prefix, locks[0]);
      const after = await writeRelease(join(folder, '2'), next, locks[1]);
      const { json, text } = await runDiff(before, after);

      expect(json.before).toEqual({ profile: 'maison', digest: prefix.digest });
      expect(json.blocks).toEqual({ all: 5, changed: [2] });
      expect(json.bytes.all).toBe((await stat(join(after, 'maison.img.xz'))).size);
      expect(json.bytes.fetched).toBe(json.ranges.reduce((sum, { bytes }) => sum + bytes, 0));
      expect(json.bytes.fetched).toBeLessThan(json.bytes.all / 2);
      // With the old file, and these ranges alone of the new one, the new one can be made.
      const [, last] = json.ranges;
      expect(json.ranges).toHaveLength(2);
      expect(last && last.first + last.bytes).toBe(json.bytes.all);
      expect(text).toEqual([
        'maison: 1 of 5 blocks changed: 2',
        expect.stringMatching(/^To fetch: .* of .*, in 2 ranges of maison\.img\.xz$/),
        'Operating system image: trixie 2026-06-18 → trixie 2026-09-10',
        'On the card:',
        '  curl 8-1 → 8-2',
        '  vim 9-2 → 9-1, older',
        '  + ed 1-1',
        '  - nano 8-1',
        'In the toolbox: the same packages',
      ]);
    }));

  it("fetches of the same release no more than the image's end", () =>
    withCache(async (folder) => {
      const prefix = await compressPrefix(await makePrefix(folder), 'xz', hostXz, session);
      const release = await writeRelease(join(folder, '1'), prefix, sampleLock());
      const { json, text } = await runDiff(release, release);
      expect(json.ranges).toEqual([{ first: prefix.xz?.bytes, bytes: json.bytes.all - (prefix.xz?.bytes ?? 0) }]);
      expect(text[0]).toBe('maison: 0 of 5 blocks changed');
    }));

  it('refuses a folder that holds no release, and a damaged one', () =>
    withCache(async (folder) => {
      const prefix = await compressPrefix(await makePrefix(folder), 'xz', hostXz, session);
      const release = await writeRelease(join(folder, '1'), prefix, sampleLock());
      await expect(runDiff(release, folder)).rejects.toMatchObject({ message: expect.stringContaining('no file *.blocks.json'), exitCode: 2 });
      await writeFile(join(release, 'other.blocks.json'), '{}');
      await expect(runDiff(release, release)).rejects.toThrow('more than one');

      const damaged = await writeRelease(join(folder, '2'), prefix, sampleLock());
      await writeFile(join(damaged, 'maison.blocks.json'), JSON.stringify({ ...prefix, bytes: prefix.bytes + 9 * MIB }));
      await expect(runDiff(damaged, damaged)).rejects.toThrow('it does not tell the blocks of an image');
      await writeFile(join(damaged, 'maison.blocks.json'), JSON.stringify(prefix));
      await writeFile(join(damaged, 'maison.lock'), '{}');
      await expect(runDiff(damaged, damaged)).rejects.toThrow('Cannot read the lock');
    }));
});
