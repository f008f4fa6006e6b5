import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Session } from '../../kit/session.ts';
import type { BlockCache } from './block-cache.ts';
import type { CompressedFormat, CompressOptions, Compressor, RawBlock } from './compressor.ts';
import { cutXzBlock } from './xz-block.ts';
import { XzFormatError } from './xz-format.ts';
import { isZstFrame } from './zst-format.ts';

/** Compresses the blocks that the cache lacks, each content once. */
export async function fillBlocks(
  blocks: readonly RawBlock[],
  rawFile: string,
  cache: BlockCache,
  compressor: Compressor,
  { progress, signal }: Pick<Session, 'progress' | 'signal'>,
): Promise<void> {
  const missing = await findMissing(blocks, cache, (file) => progress.warn(`The cached block "${file}" is damaged: it is made again`));
  if (missing.length === 0) return;
  await progress.step(`Compress ${missing.length} of ${blocks.length} blocks (${cache.format})`, (note) =>
    compressMissing(missing, rawFile, cache, compressor, { signal, note }),
  );
}

async function findMissing(blocks: readonly RawBlock[], cache: BlockCache, onDamage: (file: string) => void): Promise<RawBlock[]> {
  const missing: RawBlock[] = [];
  for (const block of new Map(blocks.map((one) => [one.sha256, one])).values()) {
    if (!(await cache.read(block.sha256, onDamage))) missing.push(block);
  }
  return missing;
}

async function compressMissing(
  missing: readonly RawBlock[],
  rawFile: string,
  cache: BlockCache,
  compressor: Compressor,
  options: CompressOptions,
): Promise<void> {
  // Named as base's work folders are, so that one whose process is gone is known to be abandoned.
  const work = cacheFolder('tmp', `${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(work, { recursive: true });
  try {
    await compressor.compress(missing, rawFile, work, options);
  } finally {
    await adoptFinished(missing, cache, work);
    await rm(work, { recursive: true, force: true });
  }
}

/** Takes over the blocks that are whole, after an interruption too. */
async function adoptFinished(blocks: readonly RawBlock[], cache: BlockCache, work: string): Promise<void> {
  for (const block of blocks) {
    const compressed = await readFile(join(work, cache.fileName(block.sha256))).catch(() => undefined);
    if (compressed && isWhole(compressed, cache.format, block.bytes)) await cache.adopt(block.sha256, work);
  }
}

function isWhole(compressed: Buffer, format: CompressedFormat, bytes: number): boolean {
  if (format === 'zst') return isZstFrame(compressed, bytes);
  try {
    cutXzBlock(compressed, bytes);
    return true;
  } catch (error) {
    if (error instanceof XzFormatError || error instanceof RangeError) return false;
    throw error;
  }
}
