import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, Failure } from '../../../kit/failure.ts';
import { REGION_BYTES } from '../../../protocol/sizes.ts';
import { composeTail } from '../../image/compose.ts';
import { type ProfileLock, parseLock } from '../../profile/lock.ts';
import { parseBlocksFile, type ReleasedPrefix } from '../folder/blocks-file.ts';
import { compareLocks, type LockChanges } from '../notes/lock-changes.ts';
import { type ByteRange, compareBlocks, downloadRanges } from '../taking/block-sources.ts';

export interface ReleaseDifference {
  readonly before: ReleaseName;
  readonly after: ReleaseName;
  /** Numbers, from 0, of the later image's blocks whose content the earlier one has nowhere. */
  readonly blocks: { readonly all: number; readonly changed: readonly number[] };
  /** The size of the later NAME.img.xz, and how much of it somebody fetches who has the earlier one. */
  readonly bytes: { readonly all: number; readonly fetched: number };
  /** What to fetch: changed blocks, and what follows the last block. */
  readonly ranges: readonly ByteRange[];
  readonly packages: LockChanges;
}

/** A release by its profile and the digest of its prefix. */
interface ReleaseName {
  readonly profile: string;
  readonly digest: string;
}

/** @throws {Failure} when one of the folders holds no release. */
export async function compareReleases(beforeFolder: string, afterFolder: string): Promise<ReleaseDifference> {
  const [before, after] = await Promise.all([beforeFolder, afterFolder].map(readRelease));
  if (!before || !after) throw new Error('two folders were given');
  const sources = compareBlocks(before.prefix, after.prefix);
  const end = { first: after.prefix.xz.bytes, bytes: await endBytes(after.prefix) };
  const ranges = [...downloadRanges(sources), end];
  return {
    before: nameOf(before.prefix),
    after: nameOf(after.prefix),
    blocks: { all: sources.length, changed: sources.flatMap(({ from }, index) => (from === 'download' ? [index] : [])) },
    bytes: { all: end.first + end.bytes, fetched: ranges.reduce((sum, { bytes }) => sum + bytes, 0) },
    ranges,
    packages: compareLocks(before.lock, after.lock),
  };
}

async function readRelease(folder: string): Promise<{ prefix: ReleasedPrefix; lock: ProfileLock }> {
  const suffix = '.blocks.json';
  const names = await readdir(folder).catch(() => []);
  const [name, ...others] = names.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
  if (name === undefined || others.length > 0) {
    const why = name === undefined ? `no file *${suffix} is in it` : `more than one file *${suffix} is in it`;
    throw new Failure(`Cannot find a release in "${folder}": ${why}`, {
      hint: 'Name a folder that "semeur release" made',
      exitCode: EXIT.usage,
    });
  }
  const blocks = join(folder, `${name}${suffix}`);
  return { prefix: parseBlocksFile(await readFile(blocks, 'utf8'), blocks), lock: await readReleasedLock(join(folder, `${name}.lock`)) };
}

/** @param file NAME.lock of a release. */
export async function readReleasedLock(file: string): Promise<ProfileLock> {
  const lock = parseLock(await readFile(file, 'utf8').catch(() => ''));
  if (lock) return lock;
  throw new Failure(`Cannot read the lock "${file}": it is missing, damaged, or of another version of Semeur`, {
    hint: 'Take the release again from where it was published',
  });
}

/** A profile's own image ends with an empty seed region, and the stream's index. */
async function endBytes(prefix: ReleasedPrefix): Promise<number> {
  return (await composeTail(prefix, Buffer.alloc(REGION_BYTES), 'xz')).tail.length;
}

function nameOf({ profile, digest }: ReleasedPrefix): ReleaseName {
  return { profile, digest };
}
