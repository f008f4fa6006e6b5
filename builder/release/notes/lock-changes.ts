import { type PackageSet, type PooledFile, parseDebName } from '../../debian/package-set.ts';
import type { ProfileLock } from '../../profile/lock.ts';
import type { OsImageLock } from '../../raspios/os-image-cache.ts';
import { compareVersions } from './debian-version.ts';

/** A package as a lock pins it. */
export interface LockedPackage {
  readonly name: string;
  /** With its epoch, as dpkg says it. */
  readonly version: string;
  readonly deb: PooledFile;
}

/** A package that both locks have, as two different files. */
export interface ReplacedPackage {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** "rebuilt" is the same version in another file. */
  readonly how: 'updated' | 'went back' | 'rebuilt';
  readonly deb: PooledFile;
}

/** Each part is sorted by name. */
export interface PackageChanges {
  readonly added: readonly LockedPackage[];
  readonly removed: readonly LockedPackage[];
  readonly replaced: readonly ReplacedPackage[];
}

/** The images of a service that is a container app, HOST/NAME@sha256:DIGEST; undefined where it isn't there, or isn't one. */
export interface ContainerChange {
  readonly overlay: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** What a release has other than the one before. */
export interface LockChanges {
  /** What is on the card: the base's packages and those that the profile adds. */
  readonly card: PackageChanges;
  /** The programs that the image was made with. */
  readonly toolbox: PackageChanges;
  /** What the base is made of, if that is an image, and another one. */
  readonly image?: { readonly from: OsImageLock | undefined; readonly to: OsImageLock | undefined };
  /** By the service's name; left out where all are the same. */
  readonly containers?: readonly ContainerChange[];
}

export function compareLocks(before: ProfileLock, after: ProfileLock): LockChanges {
  const card = comparePackages(cardPackages(before), cardPackages(after));
  const toolbox = comparePackages(packagesOf(before.toolbox), packagesOf(after.toolbox));
  const isSame = before.image?.image.sha256 === after.image?.image.sha256;
  const containers = compareContainers(before, after);
  return {
    ...{ card, toolbox },
    ...(isSame ? {} : { image: { from: before.image, to: after.image } }),
    ...(containers.length === 0 ? {} : { containers }),
  };
}

function compareContainers(before: ProfileLock, after: ProfileLock): ContainerChange[] {
  const imagesOf = ({ containers = [] }: ProfileLock) => new Map(containers.map(({ overlay, image }) => [overlay, image]));
  const [old, now] = [imagesOf(before), imagesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .map((overlay) => ({ overlay, from: old.get(overlay), to: now.get(overlay) }))
    .filter(({ from, to }) => from !== to);
}

/** By name. What the profile adds may have taken the place of an older one of its base. */
export function cardPackages({ base, added }: ProfileLock): ReadonlyMap<string, LockedPackage> {
  return new Map([...packagesOf(base), ...packagesOf(added)]);
}

export function packagesOf({ debs }: PackageSet): ReadonlyMap<string, LockedPackage> {
  return new Map(debs.map((deb) => [packageOf(deb).name, packageOf(deb)]));
}

function packageOf(deb: PooledFile): LockedPackage {
  const { name, version } = parseDebName(deb.name);
  return { name, version, deb };
}

function comparePackages(before: ReadonlyMap<string, LockedPackage>, after: ReadonlyMap<string, LockedPackage>): PackageChanges {
  const sorted = (packages: ReadonlyMap<string, LockedPackage>) => [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    added: sorted(after).filter(({ name }) => !before.has(name)),
    removed: sorted(before).filter(({ name }) => !after.has(name)),
    replaced: sorted(after).flatMap(({ name, version, deb }) => {
      const old = before.get(name);
      if (!old || old.deb.sha256 === deb.sha256) return [];
      return [{ name, from: old.version, to: version, how: describeOrder(old.version, version), deb }];
    }),
  };
}

function describeOrder(from: string, to: string): ReplacedPackage['how'] {
  const order = compareVersions(from, to);
  if (order === 0) return 'rebuilt';
  return order < 0 ? 'updated' : 'went back';
}
