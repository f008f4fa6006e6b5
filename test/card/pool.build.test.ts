import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostMirrors } from '../../builder/base/apt-sources.ts';
import { debianSources } from '../../builder/base/debian.ts';
import { ensureLists, fetchLists } from '../../builder/base/package-lists.ts';
import { arePooled, type PackageSet, poolPath } from '../../builder/base/package-set.ts';
import { ensureToolbox } from '../../builder/base/toolbox.ts';
import { createProgress } from '../../builder/progress.ts';

const session = { progress: createProgress(process.stderr), signal: new AbortController().signal, workspace: tmpdir() };

describe('package lists that `cache prune` has let go of', () => {
  let source: Parameters<typeof fetchLists>[1];
  let folder: string;
  let set: PackageSet;

  beforeAll(async () => {
    const mirrors = await hostMirrors();
    source = { toolbox: await ensureToolbox(session, { mirrors }), sources: debianSources(mirrors) };
    folder = await mkdtemp(join(tmpdir(), 'semeur-pool-'));
    process.env['XDG_CACHE_HOME'] = folder;
    set = await fetchLists(session, source);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('come from the mirror again', async () => {
    expect(set.lists.map(({ name }) => name.replace(/^.*_dists_/, ''))).toContain('trixie_main_binary-arm64_Packages');
    for (const file of set.lists.slice(0, 2)) await rm(poolPath(file));
    expect(await arePooled(set.lists)).toBe(false);
    await ensureLists(session, source, set.lists);
    expect(await arePooled(set.lists)).toBe(true);
  });

  it('are missed by a sentence with a remedy where the mirror has others by now', async () => {
    const older = set.lists.map((file) => ({ ...file, sha256: '0'.repeat(64) }));
    await expect(ensureLists(session, source, older)).rejects.toMatchObject({
      message: expect.stringContaining('the mirror has newer ones'),
      hint: expect.stringContaining('--update'),
    });
  });
});
