import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import type { ImageBlob } from '../container/image.ts';
import type { Mirrors } from '../debian/apt-sources.ts';
import { ARCHIVES, type Deb, formatPooled, type PackageSet, type PooledFile } from '../debian/package-set.ts';
import { platformOf } from '../platform/platforms.ts';
import { type OsImageLock, osImageLockSchema } from '../raspios/os-image-cache.ts';
import type { Profile } from '../workspace/schema.ts';

/** A container app, and all that its image is made of. */
export interface ContainerLock {
  readonly overlay: string;
  /** HOST/NAME@sha256:DIGEST. */
  readonly image: string;
  readonly licence: string;
  readonly blobs: readonly ImageBlob[];
}

/** Pins what a profile's bytes come from: same lock, same bytes. Kept beside the profile, in the operator's repository. */
export interface ProfileLock {
  /** 1 pinned package lists too, and didn't say where a package lies. Such a lock is read; where the cache has its lists, it is written as 2. */
  readonly lock: 1 | 2;
  /** SOURCE_DATE_EPOCH: the date of the newest archive Release file when it was made, in seconds since 1970. */
  readonly epoch: number;
  /** What the base is made of, where that is an image. */
  readonly image?: OsImageLock | undefined;
  /** What cards ask for packages, whatever mirror built them; an image says it by itself. */
  readonly archives?: Mirrors | undefined;
  readonly toolbox: PackageSet;
  readonly base: PackageSet;
  /** The packages that the profile adds to its base. */
  readonly added: PackageSet;
  readonly containers?: readonly ContainerLock[] | undefined;
}

export function lockFile(workspace: string, profile: string): string {
  return join(workspace, 'profiles', `${profile}.lock`);
}

/** @returns undefined when there is none yet. */
export async function readLock(workspace: string, profile: string): Promise<ProfileLock | undefined> {
  const file = lockFile(workspace, profile);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const lock = parseLock(text);
  if (lock) return lock;
  throw new Failure(`Cannot read the lock "${file}": it is damaged, or of another version of Semeur`, {
    hint: `Take it back from your repository, or make a new one: semeur profile build ${profile} --update`,
  });
}

/** Whether the lock is of the base that the profile names by now: one of another base, or another image, pins nothing. */
export function pinsBase({ image }: ProfileLock, { base, raspios = {} }: Pick<Profile, 'base' | 'raspios'>): boolean {
  const isFromImage = platformOf(base).origin === 'image';
  if (!isFromImage || image === undefined) return isFromImage === (image !== undefined);
  const isOwn = image.download.url.startsWith('file:');
  const isFile = raspios.image === undefined ? !isOwn : image.download.url === `file:${raspios.image}`;
  return isFile && (raspios.suite ?? image.suite) === image.suite && (raspios.release ?? image.release) === image.release;
}

/** @returns undefined when it is no lock, or one of another version of Semeur. */
export function parseLock(text: string): ProfileLock | undefined {
  try {
    const lock = JSON.parse(text) as Partial<ProfileLock>;
    const sets = [lock.toolbox, lock.base, lock.added];
    const whole = [1, 2].includes(lock.lock ?? 0) && Number.isInteger(lock.epoch) && sets.every((set) => isPackageSet(set, lock.lock === 1));
    const known = lock.image === undefined || osImageLockSchema.safeParse(lock.image).success;
    const containers = (lock.containers ?? []).every(({ overlay, image, blobs }) => overlay !== '' && image !== '' && arePooledFiles(blobs));
    return whole && known && containers && areArchives(lock.archives) ? (lock as ProfileLock) : undefined;
  } catch {
    return undefined;
  }
}

function isPackageSet(set: PackageSet | undefined, isFirst: boolean): boolean {
  if (isFirst) return [set?.lists, set?.debs].every(arePooledFiles);
  return (
    [set?.lists ?? [], set?.debs].every(arePooledFiles) &&
    (set?.debs.every(isPlace) ?? false) &&
    (set?.packages ?? []).every((name) => typeof name === 'string')
  );
}

function arePooledFiles(files: readonly PooledFile[] | undefined): boolean {
  return files?.every(({ sha256, name }) => /^[0-9a-f]{64}$/.test(sha256) && /^[^/\s]+$/.test(name)) ?? false;
}

/** What is asked of a mirror leads nowhere else. */
function isPlace({ bytes, archive, path, priority = '' }: Deb): boolean {
  const isPath = path !== undefined && /^[\w.+~%:@-]+(?:\/[\w.+~%:@-]+)*$/.test(path) && !path.split('/').some((part) => /^\.+$/.test(part));
  return Number.isInteger(bytes) && ARCHIVES.some((one) => one === archive) && isPath && /^[\w-]*$/.test(priority);
}

function areArchives(archives: Mirrors | undefined): boolean {
  const { archive, security = archive } = archives ?? { archive: 'http://none' };
  return [archive, security].every((url) => typeof url === 'string' && /^https?:[^\s]+$/.test(url));
}

/** One package per line, so that a repository's history shows what an update changed. */
export function renderLock(lock: ProfileLock): string {
  const line = (file: object) => `      ${JSON.stringify(file)}`;
  const set = (name: string, { lists, packages, debs }: PackageSet) => {
    const part = (key: string, files: readonly object[]) => `    "${key}": [${files.length ? `\n${files.map(line).join(',\n')}\n    ` : ''}]`;
    const asked = packages === undefined ? [] : [`    "packages": ${JSON.stringify(packages)}`];
    return `  "${name}": {\n${[...(lists ? [part('lists', lists)] : []), ...asked, part('debs', debs)].join(',\n')}\n  }`;
  };
  const sets = [set('toolbox', lock.toolbox), set('base', lock.base), set('added', lock.added)];
  const part = (name: 'image' | 'archives') => {
    const value = lock[name];
    return value === undefined ? [] : [`  "${name}": ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`];
  };
  const containers = lock.containers?.length ? [`  "containers": [\n${lock.containers.map(renderContainer).join(',\n')}\n  ]`] : [];
  return `{\n  "lock": ${lock.lock},\n  "epoch": ${lock.epoch},\n${[...part('image'), ...part('archives'), ...sets, ...containers].join(',\n')}\n}\n`;
}

function renderContainer({ blobs, ...container }: ContainerLock): string {
  const head = Object.entries(container).map(([key, value]) => `      ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`);
  return `    {\n${head.join('')}      "blobs": [\n${blobs.map((blob) => `        ${JSON.stringify(blob)}`).join(',\n')}\n      ]\n    }`;
}

/** One of version 1 that names the same packages stays as it is where nothing may change, or where it isn't known where they all lie. */
function likeBefore(before: ProfileLock | undefined, lock: ProfileLock, locked: boolean): ProfileLock {
  const debsOf = ({ toolbox, base, added }: ProfileLock) => [toolbox, base, added].map(({ debs }) => debs);
  const files = (one: ProfileLock) => debsOf(one).map(formatPooled).join('\n');
  if (before?.lock !== 1 || before.epoch !== lock.epoch || files(before) !== files(lock)) return lock;
  const isPlaced = debsOf(lock).every((debs) => debs.every(({ path }) => path !== undefined));
  if (isPlaced && !locked) return lock;
  const { toolbox, base, added } = before;
  return { ...lock, lock: 1, toolbox, base, added };
}

/**
 * Writes the lock where it differs from the one before.
 * @throws {Failure} when it would change but `locked` forbids it.
 */
export async function keepLock(
  workspace: string,
  profile: string,
  before: ProfileLock | undefined,
  lock: ProfileLock,
  locked: boolean,
): Promise<void> {
  const text = renderLock(likeBefore(before, lock, locked));
  if (before && renderLock(before) === text) return;
  if (locked) throw wouldChange(workspace, profile);
  await writeFileAtomically(lockFile(workspace, profile), text);
}

export function wouldChange(workspace: string, profile: string): Failure {
  return new Failure(`Cannot build the profile "${profile}" as locked: "${lockFile(workspace, profile)}" would change`, {
    hint: `Run "semeur profile build ${profile}" and commit the lock that it writes`,
  });
}
