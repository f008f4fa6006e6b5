import { readFile, rm, utimes } from 'node:fs/promises';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { startSha256 } from './sha256.ts';

export type ImageFormat = 'xz' | 'zst' | 'img';

/**
 * The prefix is cut in blocks of 8 MiB (the last may be shorter): the unit of compression and of its cache. As large as the dictionary of xz -6;
 * with 16 MiB, one changed file moved an eighth of a small card's blocks, for the copies of the superblock alone.
 */
export const PREFIX_BLOCK_BYTES = 8 * 1024 * 1024;
/** bmap's block. */
export const MAP_BLOCK_BYTES = 4096;

/** Blocks of 4 KiB, both ends included. */
export interface BlockRange {
  readonly first: number;
  readonly last: number;
}

export interface MappedRange extends BlockRange {
  /** SHA-256 of the bytes of the range. */
  readonly sha256: string;
}

/** One block of an xz stream, as its index tells it, in bytes. */
export interface XzRecord {
  readonly unpadded: number;
  readonly uncompressed: number;
}

/** A built profile: everything of an image but the seed region, with what composing one more client needs to know. */
export interface Prefix {
  readonly profile: string;
  /** SHA-256 of the raw prefix. */
  readonly digest: string;
  /** Raw size, a multiple of 1 MiB: the seed region's offset. */
  readonly bytes: number;
  /** State of SHA-256 after the raw prefix. */
  readonly midstate: string;
  readonly blockBytes: number;
  /** SHA-256 of each block of `blockBytes`, in order. */
  readonly blocks: readonly string[];
  readonly mapped: readonly MappedRange[];
  readonly mappedBlocks: number;
  readonly xz?: { readonly bytes: number; readonly midstate: string; readonly records: readonly XzRecord[]; readonly check: 'crc32' };
  readonly zst?: { readonly bytes: number; readonly midstate: string };
}

/** Where a prefix's bytes are kept, in one format: `.img` is the raw one, sparse. */
export function prefixFile(digest: string, format: ImageFormat): string {
  return cacheFolder('prefixes', digest, `prefix.${format}`);
}

export async function savePrefix(prefix: Prefix): Promise<void> {
  await writeFileAtomically(cacheFolder('prefixes', prefix.digest, 'prefix.json'), `${JSON.stringify(prefix)}\n`);
}

/** Lets go of a damaged prefix. */
export async function removePrefix(digest: string): Promise<void> {
  await rm(cacheFolder('prefixes', digest), { recursive: true, force: true });
}

/** @returns the cached prefix, or undefined if there is none that this version can use: it must then be built again. */
export async function loadPrefix(digest: string): Promise<Prefix | undefined> {
  const file = cacheFolder('prefixes', digest, 'prefix.json');
  try {
    const prefix: Prefix = JSON.parse(await readFile(file, 'utf8'));
    await startSha256(prefix.midstate);
    await markUsed(file);
    return prefix;
  } catch {
    return undefined;
  }
}

/** `cache prune` lets go of what was used least recently; on many disks reading alone leaves no trace. */
export async function markUsed(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}
