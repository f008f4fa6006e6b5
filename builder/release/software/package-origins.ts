import { access, readFile } from 'node:fs/promises';
import { Failure } from '../../../kit/failure.ts';
import { readStanzas } from '../../debian/deb822.ts';
import { type Archive, arePooled, type PooledFile, parseDebName, poolPath } from '../../debian/package-set.ts';
import type { ProfileLock } from '../../profile/lock.ts';
import { type DebianPackage, debianPackageUrl } from './package-url.ts';

/** Which archive offers a package, as its signed lists say. */
export interface PackageOrigin {
  /** "Debian", "Raspberry Pi Foundation": the archive's own word for itself. */
  readonly archive: string;
  /** "main", "non-free-firmware"… */
  readonly component: string;
}

const NAMES: Readonly<Record<Archive, string>> = { debian: 'Debian', security: 'Debian', raspberrypi: 'Raspberry Pi Foundation' };

/**
 * Where a card's packages come from, by package URL, as its lock says: whose archive, and by the path in it which component.
 * What the lock doesn't say is looked up in the lists that it names: a lock of version 1 needs them, and of the packages of an image they tell what they can.
 */
export async function readLockedOrigins({ lock, base, added }: ProfileLock, packages: readonly DebianPackage[]): Promise<Map<string, PackageOrigin>> {
  const lists = [base, added].flatMap((set) => set.lists ?? []);
  const isThere = lock === 1 || (await arePooled(lists));
  const origins = isThere ? await readPackageOrigins(lists, packages) : new Map<string, PackageOrigin>();
  for (const { name, archive, path = '' } of [...base.debs, ...added.debs]) {
    const component = /^pool\/(?:updates\/)?([^/]+)\//.exec(path)?.[1];
    if (archive !== undefined && component !== undefined) origins.set(debianPackageUrl(parseDebName(name)), { archive: NAMES[archive], component });
  }
  return origins;
}

/**
 * Those that are in a list.
 * @param lists apt has checked their signatures. @param fileOf where the pool has each.
 * @throws {Failure} when the pool has let go of one.
 */
export async function readPackageOrigins(
  lists: readonly PooledFile[],
  packages: readonly DebianPackage[],
  fileOf: (file: PooledFile) => string = poolPath,
): Promise<Map<string, PackageOrigin>> {
  await checkPooled(lists, fileOf);
  const wanted = new Set(packages.map((one) => debianPackageUrl(one)));
  const archives = new Map<string, string>();
  for (const list of lists.filter(({ name }) => name.endsWith('_InRelease'))) archives.set(suiteOf(list), await readOrigin(list, fileOf));
  const origins = new Map<string, PackageOrigin>();
  for (const list of lists.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const component = /_dists_[^_]+_(.+)_binary-[^_]+_Packages$/.exec(list.name)?.[1];
    const archive = archives.get(suiteOf(list));
    if (component === undefined || archive === undefined) continue;
    for await (const stanza of readStanzas(fileOf(list))) {
      const [name = '', version = '', architecture = ''] = ['package', 'version', 'architecture'].map((field) => stanza.get(field));
      const url = debianPackageUrl({ name, version, architecture });
      if (wanted.has(url) && !origins.has(url)) origins.set(url, { archive, component });
    }
  }
  return origins;
}

/** "HOST_debian_dists_trixie", as apt names the files of one suite. */
function suiteOf({ name }: PooledFile): string {
  return /^.*_dists_[^_]+/.exec(name)?.[0] ?? name;
}

async function readOrigin(list: PooledFile, fileOf: (file: PooledFile) => string): Promise<string> {
  const text = await readFile(fileOf(list), 'utf8');
  return /^Origin: *(.*)$/m.exec(text)?.[1] ?? 'an archive without a name';
}

async function checkPooled(lists: readonly PooledFile[], fileOf: (file: PooledFile) => string): Promise<void> {
  for (const list of lists) {
    await access(fileOf(list)).catch((cause: unknown) => {
      throw new Failure(`Cannot tell where the packages come from: the cache has let go of the package list "${list.name}"`, {
        hint: 'Take the newest lists: semeur profile build, with "--update"; or give the cache back its "pool" folder',
        cause,
      });
    });
  }
}
