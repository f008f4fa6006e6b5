import { randomBytes } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../atomic-file.ts';
import { cacheFolder } from '../cache-folder.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { type BlockCache, isFile, openBlockCache } from './block-cache.ts';
import { type Prefix, prefixFile, savePrefix, type XzRecord } from './prefix.ts';
import { startSha256 } from './sha256.ts';
import { cutXzBlock } from './xz-block.ts';
import { XZ_STREAM_HEADER } from './xz-format.ts';

/** A block of the raw prefix that waits to be compressed: it begins at `index` × 16 MiB. */
export interface RawBlock {
  readonly index: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface CompressOptions {
  readonly signal: AbortSignal;
  /** Says where the work is. */
  readonly note: (text: string) => void;
}

export interface Compressor {
  /** Names program, version and options, such as "xz-5.8.1--6": blocks are cached under it. */
  readonly name: string;
  /**
   * Compresses each block by itself, into `intoFolder/SHA256.xz` (one `xz --check=crc32` stream of one block) or `.zst` (one frame with its content size).
   * Blocks that were finished before an interruption are kept.
   */
  compress(blocks: readonly RawBlock[], rawFile: string, intoFolder: string, options: CompressOptions): Promise<void>;
}

export type CompressedFormat = 'xz' | 'zst';

/** Compresses a prefix, from cached blocks where there are, and keeps the result beside it. A prefix that has been compressed is given back as it is. */
export async function compressPrefix(prefix: Prefix, format: CompressedFormat, compressor: Compressor, session: Session): Promise<Prefix> {
  const file = prefixFile(prefix.digest, format);
  if (prefix[format] && (await sizeOf(file)) === prefix[format].bytes) return prefix;
  const cache = openBlockCache(compressor.name, format);
  const onDamage = (damaged: string) => session.progress.warn(`The cached block "${damaged}" is damaged: it is made again`);
  await session.progress.step(`Compress the profile "${prefix.profile}" (${format})`, async (note) => {
    const missing = await findMissing(prefix, cache, onDamage);
    if (missing.length > 0) await fillCache(missing, prefix, cache, compressor, { signal: session.signal, note });
  });
  const assembled = await assemble(prefix, format, file, cache, session.signal);
  const compressed = { ...prefix, [format]: assembled };
  await savePrefix(compressed);
  return compressed;
}

async function findMissing(prefix: Prefix, cache: BlockCache, onDamage: (file: string) => void): Promise<RawBlock[]> {
  const missing = new Map<string, RawBlock>();
  for (const block of rawBlocks(prefix)) {
    if (!missing.has(block.sha256) && !(await cache.read(block.sha256, onDamage))) missing.set(block.sha256, block);
  }
  return [...missing.values()];
}

function rawBlocks({ blocks, bytes, blockBytes }: Prefix): RawBlock[] {
  return blocks.map((sha256, index) => ({ index, bytes: Math.min(blockBytes, bytes - index * blockBytes), sha256 }));
}

async function fillCache(
  missing: readonly RawBlock[],
  prefix: Prefix,
  cache: BlockCache,
  compressor: Compressor,
  options: CompressOptions,
): Promise<void> {
  const work = cacheFolder('tmp', `${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(work, { recursive: true });
  try {
    await compressor.compress(missing, prefixFile(prefix.digest, 'img'), work, options);
  } finally {
    await adoptFinished(missing, cache, work);
    await rm(work, { recursive: true, force: true });
  }
}

/** A compressor writes under another name until a block is whole. */
async function adoptFinished(blocks: readonly RawBlock[], cache: BlockCache, work: string): Promise<void> {
  for (const { sha256 } of blocks) {
    if (await isFile(join(work, cache.fileName(sha256)))) await cache.adopt(sha256, work);
  }
}

async function assemble(prefix: Prefix, format: CompressedFormat, file: string, cache: BlockCache, signal: AbortSignal) {
  const sha256 = await startSha256();
  const records: XzRecord[] = [];
  let bytes = 0;
  await writeAtomically(file, async (handle) => {
    async function append(part: Buffer): Promise<void> {
      await handle.appendFile(part);
      sha256.update(part);
      bytes += part.length;
    }
    if (format === 'xz') await append(XZ_STREAM_HEADER);
    for (const block of rawBlocks(prefix)) {
      signal.throwIfAborted();
      const compressed = await readBlock(cache, block);
      if (format === 'zst') {
        await append(compressed);
        continue;
      }
      const cut = cutXzBlock(compressed, block.bytes);
      records.push(cut.record);
      await append(cut.block);
    }
  });
  const midstate = sha256.save();
  return format === 'xz' ? { bytes, midstate, records, check: 'crc32' as const } : { bytes, midstate };
}

async function readBlock(cache: BlockCache, { sha256, index }: RawBlock): Promise<Buffer> {
  const compressed = await cache.read(sha256, () => undefined);
  if (compressed) return compressed;
  throw new Failure(`Cannot compress the profile: block ${index} is missing after compression`, { hint: 'Run the same command again' });
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    (found) => found.size,
    () => undefined,
  );
}
