import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostMirrors } from '../../builder/debian/apt-sources.ts';
import { debianSources } from '../../builder/debian/debian.ts';
import { chooseDebs, ensureLists, fetchLists } from '../../builder/debian/package-lists.ts';
import { arePooled, type PooledFile, parseDebName, poolPath } from '../../builder/debian/package-set.ts';
import { ensureToolbox } from '../../builder/debian/toolbox.ts';
import { arm64 } from '../../builder/platform/architecture.ts';
import { createProgress } from '../../cli/terminal/progress.ts';

const session = { progress: createProgress(process.stderr), signal: new AbortController().signal, workspace: tmpdir(), program: [] };

describe('package lists that `cache prune` has let go of', () => {
  let source: Parameters<typeof fetchLists>[1];
  let folder: string;
  let lists: readonly PooledFile[];

  beforeAll(async () => {
    const mirrors = await hostMirrors();
    source = { architecture: arm64, toolbox: await ensureToolbox(session, { mirrors }), sources: debianSources(mirrors) };
    folder = await mkdtemp(join(tmpdir(), 'semeur-pool-'));
    process.env['XDG_CACHE_HOME'] = folder;
    lists = (await fetchLists(session, source)).lists;
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('come from the mirror again, and say of each package where it lies', async () => {
    expect(lists.map(({ name }) => name.replace(/^.*_dists_/, ''))).toContain('trixie_main_binary-arm64_Packages');
    for (const file of lists.slice(0, 2)) await rm(poolPath(file));
    expect(await arePooled(lists)).toBe(false);
    const again = await ensureLists(session, source, lists);
    expect(await arePooled(again)).toBe(true);
    const chosen = await chooseDebs(session, source, { lists: again, packages: ['base-passwd'] });
    expect(chosen.map(({ name }) => parseDebName(name).name)).toEqual(expect.arrayContaining(['base-passwd', 'libc6']));
    for (const { archive, path, bytes, priority } of chosen) {
      expect(['debian', 'security']).toContain(archive);
      expect(path).toMatch(/^pool\/(updates\/)?main\/\S+\.deb$/);
      expect(bytes).toBeGreaterThan(1000);
      expect(priority).toMatch(/^(required|important|standard|optional)$/);
    }
  });
});
