import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SUMS } from '../../builder/release/folder/sums.ts';
import { makeRelease } from '../../builder/release/making/make.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { withRelease } from './sample-release.ts';

describe('writing a release', () => {
  it('tells of the image what composing needs, and nothing of what else the cache has', () =>
    withRelease(
      async ({ release }) => {
        const blocks = JSON.parse(await readFile(join(release, 'maison.blocks.json'), 'utf8'));
        expect(Object.keys(blocks)).toContain('xz');
        expect(Object.keys(blocks)).not.toContain('zst');
      },
      (making) => ({ ...making, built: { ...making.built, prefix: { ...making.built.prefix, zst: { bytes: 1, midstate: 'AAAA' } } } }),
    ));

  it('replaces a release, and no folder that has anything else in it', () =>
    withRelease(async ({ folder, workspace, release }) => {
      const loaded = await loadWorkspace(workspace);
      // It ends before anything is built: the folder is looked at first.
      const session = { ...createQuietSession(), signal: AbortSignal.abort(new Error('stopped')) };
      const options = { keyFile: undefined, icon: '', withPool: false, boot: undefined, update: false };
      const make = (out: string) => makeRelease(session, loaded, 'maison', { ...options, out }).then(() => '', String);
      expect(await make(release)).not.toContain('is no release');
      await writeFile(join(release, 'robots.txt'), 'somebody wrote this');
      expect(await make(release)).toContain('is no release, or has more in it');
      const downloads = join(folder, 'downloads');
      await mkdir(downloads);
      await writeFile(join(downloads, SUMS), `${'0'.repeat(64)}  debian.iso\n`);
      await writeFile(join(downloads, 'debian.iso'), '');
      expect(await make(downloads)).toContain('is no release, or has more in it');
      expect(await readFile(join(release, 'robots.txt'), 'utf8')).toBe('somebody wrote this');
    }));
});
