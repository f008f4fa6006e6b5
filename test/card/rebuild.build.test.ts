import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPrefix, prefixFile } from '../../builder/image/prefix.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { runCommand } from '../../kit/command.ts';
import { IS_FULL } from '../is-full.ts';
import { isProved, keepProof } from './proof.ts';
import { AS_ROOT, buildAgain, buildFirst, makePrefix, makePrefixCommand, makeRebuildFolder } from './rebuild.ts';

const ROOT_OFFSET_MIB = 264;

let folder: string;
let workspace: string;

beforeAll(async () => {
  folder = await makeRebuildFolder();
  workspace = join(folder, 'workspace');
});

afterAll(async () => {
  await runCommand(['rm', '-rf', folder]);
});

/** What an earlier run of these tests left in the cache would be found, and nothing be built. */
async function forgetSystemsWith(added: string): Promise<void> {
  for (const key of await readdir(cacheFolder('system'))) {
    const names = await readFile(cacheFolder('system', key, 'added'), 'utf8').catch(() => '');
    if (names.includes(` ${added}_`)) await rm(cacheFolder('system', key), { recursive: true });
  }
}

/** The bytes of an extended attribute of a file in a prefix's root file system. */
async function readCapability(digest: string): Promise<string> {
  const image = `${prefixFile(digest, 'img')}?offset=${ROOT_OFFSET_MIB * 1024 * 1024}`;
  return (await runCommand(['debugfs', '-R', 'ea_get -x /usr/bin/mtr-packet security.capability', image])).toString('utf8');
}

const IS_PROVED = await isProved();

describe('the same lock', () => {
  const who = AS_ROOT ? 'an ordinary user instead of root' : 'the same user (root is not to be had here)';
  const name = `gives the same bytes from a new cache, as ${who}, with toolbox and base, from a mirror whose lists are others by now`;
  it(name, async ({ skip }) => {
    skip(IS_PROVED && !IS_FULL, 'it was proved for these very sources: rebuild.proved');
    const first = await buildFirst(folder);
    const { blocks } = (await loadPrefix(first)) ?? {};
    expect(blocks?.length).toBeGreaterThan(10);
    // Revision 2 of vfs_cap_data (0x02000000, little-endian) has no root id: 3 would be of the namespace that built it.
    expect(await readCapability(first)).toMatch(/01 00 00 02/);
    expect(await buildAgain(folder, ['toolbox', 'base'])).toBe(first);
    if (IS_FULL) await keepProof();
  }, 1_500_000);
});

describe('one file of an overlay changed', () => {
  it('moves at most a tenth of the blocks that are not empty', async () => {
    const overlay = join(workspace, 'overlays', 'memo');
    await mkdir(join(overlay, 'files/usr/share/memo'), { recursive: true });
    await writeFile(
      join(overlay, 'overlay.yaml'),
      'overlay: memo\ntitle: { fr: Mémo, en: Memo }\nsummary: { fr: Un mémo, en: A memo }\npackages: []\nsettings: {}\ntemplates: []\nfiles: []\nunits: { enable: [], mask: [] }\n',
    );
    const profile = join(workspace, 'profiles', 'maison.yaml');
    await writeFile(profile, (await readFile(profile, 'utf8')).replace(/^services:.*$/m, 'services: [website, memo]'));
    const blocksWith = async (text: string) => {
      await writeFile(join(overlay, 'files/usr/share/memo/memo.txt'), text);
      return (await loadPrefix(await makePrefix(workspace)))?.blocks ?? [];
    };
    const before = await blocksWith('one\n');
    const after = await blocksWith('something else, and longer\n'.repeat(1000));
    const empty = [...before].sort().find((sha256, index, all) => all[index + 1] === sha256);
    const full = before.filter((sha256) => sha256 !== empty).length;
    const moved = before.filter((sha256, index) => after[index] !== sha256).length;
    expect({ moved, full, sameLength: before.length === after.length }).toMatchObject({ sameLength: true });
    expect(moved).toBeGreaterThan(0);
    expect(moved / full).toBeLessThanOrEqual(0.1);
  });
});

describe('an interrupted build', () => {
  it('leaves no mount and no half entry in the cache, and goes on from what is whole', async () => {
    const profile = join(workspace, 'profiles', 'maison.yaml');
    await writeFile(profile, (await readFile(profile, 'utf8')).replace(/^packages:.*$/m, 'packages: [less, libcap2-bin, mtr-tiny]'));
    await forgetSystemsWith('less');
    const before = await readdir(cacheFolder('tmp'));
    const cut = new AbortController();
    const building = runCommand(makePrefixCommand(workspace), {
      signal: cut.signal,
      onLine: (line) => line.startsWith('==> Adding') && setTimeout(() => cut.abort(), 6000),
    });
    await expect(building).rejects.toThrow();
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(cacheFolder('tmp'));
    const left = (await readdir(cacheFolder('tmp'))).filter((name) => !before.includes(name) && !existsSync(`/proc/${name.split('-')[0]}`));
    expect(left).toEqual([]);
    await makePrefix(workspace);
  });
});
