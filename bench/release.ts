import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareReleases } from '../builder/release/comparing/compare-releases.ts';
import { makeRelease } from '../builder/release/making/make.ts';
import { loadWorkspace } from '../builder/workspace/load.ts';
import { cacheFolder } from '../kit/cache-folder.ts';
import { type Benchmark, timeSeconds } from './benchmark.ts';

const CHECKOUT = join(import.meta.dirname, '..');
/** Small, and with nothing of its own to install. */
const PACKAGE = 'tree';

/** What a job of CI costs whose cache has the release before, beside one that compresses everything. */
export const releaseBenchmark: Benchmark = {
  name: 'release',
  title: 'a release, and the next one with one package more: what is compressed anew and what clients fetch, against all of it (nothing is booted)',
  async run(session) {
    await mkdir(cacheFolder('tmp'), { recursive: true });
    const folder = await mkdtemp(join(cacheFolder('tmp'), `${process.pid}-bench-`));
    const workspace = join(folder, 'workspace');
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    const options = { keyFile: undefined, icon: '<svg/>', withPool: false, boot: undefined, update: false };
    const release = async (out: string, previous?: string) =>
      makeRelease(session, await loadWorkspace(workspace), 'maison', { ...options, out, previous });
    try {
      await cp(join(CHECKOUT, 'examples'), workspace, { recursive: true });
      const firstSeconds = await timeSeconds(() => release(first));
      const againSeconds = await timeSeconds(() => release(join(folder, 'again')));
      const profile = join(workspace, 'profiles', 'maison.yaml');
      await writeFile(profile, `${(await readFile(profile, 'utf8')).replace(/^packages:.*\n/m, '')}packages: [${PACKAGE}]\n`);
      const nextSeconds = await timeSeconds(() => release(second, first));
      const { blocks, bytes } = await compareReleases(first, second);
      const rows = [
        ['first release, with what the cache had', `${firstSeconds.toFixed(0)} s`],
        ['the same again', `${againSeconds.toFixed(0)} s`],
        [`the next one, with "${PACKAGE}" as well`, `${nextSeconds.toFixed(0)} s`],
        ['blocks compressed anew ÷ all', `${blocks.changed.length} ÷ ${blocks.all}`],
        ['bytes fetched by who has the first ÷ all', `${(bytes.fetched / 1e6).toFixed(1)} ÷ ${(bytes.all / 1e6).toFixed(1)} MB`],
        ['ratio', (bytes.fetched / bytes.all).toFixed(3)],
      ];
      return {
        columns: ['', ''],
        rows,
        json: { firstSeconds, againSeconds, nextSeconds, blocks: { ...blocks, changed: blocks.changed.length }, bytes },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
