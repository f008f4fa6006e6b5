import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { checkMirror } from './mirror-watch.ts';
import { arePooled, type PackageSet, type PooledFile, readPackageSet } from './package-set.ts';
import { runInToolbox, withWorkFolder } from './sandbox.ts';
import type { Stage } from './stage.ts';

export interface ListSource {
  readonly toolbox: Stage;
  /** Lines of sources.list(5). */
  readonly sources: readonly string[];
}

/** The signed package lists for arm64, now in the pool. */
export async function fetchLists(session: Session, { toolbox, sources }: ListSource): Promise<PackageSet> {
  return session.progress.step('Fetching the package lists', (note) =>
    withWorkFolder(async (work) => {
      await checkMirror(session, sources, note);
      await runInToolbox(toolbox.tar, work, 'update.sh', ['arm64', ...sources], {
        doing: 'fetch the package lists',
        signal: session.signal,
        onLine: note,
      });
      const { lists } = await readPackageSet(work.path);
      return { lists, debs: [] };
    }),
  );
}

/**
 * Sees to it that the pool has these lists: `cache prune` may have let go of them, and another machine's lock comes without its pool.
 * @throws {Failure} when the mirror has newer ones by now.
 */
export async function ensureLists(session: Session, source: ListSource, lists: readonly PooledFile[]): Promise<void> {
  if (await arePooled(lists)) return;
  await fetchLists(session, source);
  if (!(await arePooled(lists))) throw movedOn();
}

export function movedOn(): Failure {
  return new Failure('Cannot take the packages that the lock names: the cache has let go of their lists, and the mirror has newer ones', {
    hint: 'Take the newest with "--update", or give the cache back its "pool" folder from the machine that made the lock',
  });
}
