import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Failure } from '../../../kit/failure.ts';
import type { Session } from '../../../kit/session.ts';
import { arePooled, formatPooled } from '../../debian/package-set.ts';
import type { Stage } from '../../debian/stage.ts';
import type { ProfileLock } from '../../profile/lock.ts';
import { runInToolbox, withWorkFolder } from '../../sandbox/sandbox.ts';
import { type Closed, findClosed } from './changelog.ts';
import { cardPackages, type LockChanges, type LockedPackage, type PackageChanges, packagesOf } from './lock-changes.ts';

/** By the name of each package that was updated. */
export interface ClosedCves {
  readonly card: ReadonlyMap<string, Closed>;
  readonly toolbox: ReadonlyMap<string, Closed>;
}

type Packages = ReadonlyMap<string, LockedPackage>;

const DOC = '/usr/share/doc';

/**
 * Reads the changelogs within the packages that are new in a release.
 * @param after the release's lock. @param changes from the release before.
 * @throws {Failure} when the cache has let go of one of them: notes are not to depend on that.
 */
export async function findClosedCves(session: Session, toolbox: Stage, after: ProfileLock, changes: LockChanges): Promise<ClosedCves> {
  const wanted = [changes.card, changes.toolbox].flatMap(debsToRead);
  if (wanted.length === 0) return { card: new Map(), toolbox: new Map() };
  for (const deb of wanted) if (!(await arePooled([deb]))) throw notPooled(deb.name);
  return session.progress.step(`Reading the changelogs of ${wanted.length} packages`, (note) =>
    withWorkFolder(async (work) => {
      await writeFile(join(work.path, 'wanted'), formatPooled(wanted));
      await runInToolbox(toolbox.tar, work, 'changelogs.sh', [], {
        doing: 'read the changelogs of the packages',
        signal: session.signal,
        onLine: note,
      });
      return readClosedCves(join(work.path, 'changelogs'), after, changes);
    }),
  );
}

/** Added ones too: the changelog of an updated package may lie in one of them, as a kernel's does. */
export function debsToRead({ added, replaced }: PackageChanges): LockedPackage['deb'][] {
  return [...added, ...replaced].map(({ deb }) => deb);
}

/** @param folder what changelogs.sh left. */
export async function readClosedCves(folder: string, after: ProfileLock, changes: LockChanges): Promise<ClosedCves> {
  return {
    card: await readUpdated(folder, changes.card, cardPackages(after)),
    toolbox: await readUpdated(folder, changes.toolbox, packagesOf(after.toolbox)),
  };
}

async function readUpdated(folder: string, { replaced }: PackageChanges, packages: Packages): Promise<Map<string, Closed>> {
  const closed = new Map<string, Closed>();
  for (const { name, from, how } of replaced) {
    if (how === 'updated') closed.set(name, await readClosed(folder, packages, name, from));
  }
  return closed;
}

async function readClosed(folder: string, packages: Packages, name: string, from: string): Promise<Closed> {
  const own = await readChangelog(folder, packages.get(name));
  const found = own?.in === undefined ? own : ((await readChangelog(folder, packages.get(own.in))) ?? own);
  if (found?.text !== undefined) return findClosed(found.text, from);
  return { unknown: found === undefined ? 'it has no Debian changelog' : `its changelog is in the package ${found.in}` };
}

/** @returns the text, or the other package that has it. */
async function readChangelog(folder: string, locked: LockedPackage | undefined): Promise<{ text?: string; in?: string } | undefined> {
  if (locked === undefined) return undefined;
  const { name, deb } = locked;
  const root = join(folder, deb.sha256);
  // What Debian alone makes has its changelog under the name that the authors' has elsewhere.
  for (const path of [`${DOC}/${name}`, `${DOC}/${name}/changelog.Debian.gz`, `${DOC}/${name}/changelog.gz`]) {
    const target = await readlink(join(root, path)).catch(() => undefined);
    const other = target && packageOfPath(posix.resolve(posix.dirname(path), target));
    if (other) return { in: other };
    const bytes = path.endsWith('.gz') && target === undefined ? await readFile(join(root, path)).catch(() => undefined) : undefined;
    if (bytes !== undefined) return { text: gunzipSync(bytes).toString('utf8') };
  }
  return undefined;
}

function packageOfPath(path: string): string | undefined {
  return path.startsWith(`${DOC}/`) ? path.slice(DOC.length + 1).split('/')[0] : undefined;
}

function notPooled(name: string): Failure {
  return new Failure(`Cannot read the changelog of "${name}": the cache has let go of the package`, {
    hint: 'Give the cache back its "pool" folder, or build with "--update"',
  });
}
