import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../../kit/session.ts';
import { checkMirror } from '../fetch/mirror-watch.ts';
import type { Architecture } from '../platform/architecture.ts';
import { runInToolbox, type WorkFolder, withWorkFolder } from '../sandbox/sandbox.ts';
import { locateDebs } from './locate-debs.ts';
import { arePooled, type Deb, formatPooled, type PooledFile, readPooled } from './package-set.ts';
import type { Stage } from './stage.ts';

export interface ListSource {
  readonly architecture: Architecture;
  readonly toolbox: Stage;
  /** Lines of sources.list(5). */
  readonly sources: readonly string[];
}

/** The signed package lists for an architecture, now in the pool. */
export async function fetchLists(session: Session, { architecture, toolbox, sources }: ListSource): Promise<{ lists: PooledFile[] }> {
  return session.progress.step('Fetching the package lists', (note) =>
    withWorkFolder(async (work) => {
      await checkMirror(session, sources, note);
      await writeSources(work, sources);
      const { signal } = session;
      await runInToolbox(toolbox.tar, work, 'lists.sh', ['fetch', architecture.name], { doing: 'fetch the package lists', signal, onLine: note });
      return { lists: await readPooled(work.path, 'lists') };
    }),
  );
}

/** Those lists if the pool still has them, else the newest: `cache prune` may have let go of them, and who builds by a lock never had them. */
export async function ensureLists(session: Session, source: ListSource, lists: readonly PooledFile[]): Promise<readonly PooledFile[]> {
  return lists.length > 0 && (await arePooled(lists)) ? lists : (await fetchLists(session, source)).lists;
}

export interface Choice {
  readonly lists: readonly PooledFile[];
  /** What has packages already: a tar, as the toolbox sees it. Left out, nothing has. */
  readonly base?: string;
  /** Names of packages, or apt's patterns. */
  readonly packages: readonly string[];
}

/** What apt would install, by these lists: every package that is new, with what it takes to find it. */
export async function chooseDebs(
  session: Session,
  { architecture, toolbox, sources }: ListSource,
  { lists, base = '-', packages }: Choice,
): Promise<Deb[]> {
  return withWorkFolder(async (work) => {
    await writeSources(work, sources);
    await writeFile(join(work.path, 'wanted'), formatPooled(lists));
    await runInToolbox(toolbox.tar, work, 'lists.sh', ['choose', architecture.name, base, ...packages], {
      doing: 'choose the packages',
      signal: session.signal,
    });
    return locateDebs(lists, await readPooled(work.path, 'debs'));
  });
}

async function writeSources(work: WorkFolder, sources: readonly string[]): Promise<void> {
  await writeFile(join(work.path, 'sources'), sources.map((line) => `${line}\n`).join(''));
}
