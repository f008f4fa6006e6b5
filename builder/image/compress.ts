import { stat } from 'node:fs/promises';
import { writeAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import { writeRange } from '../../kit/file-range.ts';
import type { Session } from '../../kit/session.ts';
import { type BlockCache, openBlockCache } from './block-cache.ts';
import type { CompressedFormat, Compressor, RawBlock } from './compressor.ts';
import { fillBlocks } from './fill-blocks.ts';
import { type Prefix, prefixFile, savePrefix, type XzRecord } from './prefix.ts';
import { startSha256 } from './sha256.ts';
import { cutXzBlock } from './xz-block.ts';
import { XZ_STREAM_HEADER } from './xz-format.ts';

/**
 * Compresses a prefix, from cached blocks where there are, and keeps the result beside it.
 * A prefix that has been compressed is given back as it is: its images, already handed out, must stay what their hashes say.
 */
export async function compressPrefix(prefix: Prefix, format: CompressedFormat, compressor: Compressor, session: Session): Promise<Prefix> {
  const file = prefixFile(prefix.digest, format);
  if (prefix[format] && (await sizeOf(file)) === prefix[format].bytes) return prefix;
  const cache = openBlockCache(compressor.name, format);
  const blocks = rawBlocks(prefix);
  await fillBlocks(blocks, prefixFile(prefix.digest, 'img'), cache, compressor, session);
  const compressed = { ...prefix, [format]: await assemble(blocks, file, cache, session.signal) };
  await savePrefix(compressed);
  return compressed;
}

function rawBlocks({ blocks, bytes, blockBytes }: Prefix): RawBlock[] {
  return blocks.map((sha256, index) => ({ index, bytes: Math.min(blockBytes, bytes - index * blockBytes), sha256 }));
}

async function assemble(blocks: readonly RawBlock[], file: string, cache: BlockCache, signal: AbortSignal) {
  const sha256 = await startSha256();
  const records: XzRecord[] = [];
  let bytes = 0;
  await writeAtomically(file, async (handle) => {
    async function append(part: Buffer): Promise<void> {
      await writeRange(handle, bytes, part);
      sha256.update(part);
      bytes += part.length;
    }
    if (cache.format === 'xz') await append(XZ_STREAM_HEADER);
    for (const block of blocks) {
      signal.throwIfAborted();
      const { part, record } = cutPart(await readBlock(cache, block), cache.format, block);
      await append(part);
      if (record) records.push(record);
    }
  });
  const midstate = sha256.save();
  return cache.format === 'xz' ? { bytes, midstate, records, check: 'crc32' as const } : { bytes, midstate };
}

function cutPart(compressed: Buffer, format: CompressedFormat, { bytes }: RawBlock): { part: Buffer; record?: XzRecord } {
  if (format === 'zst') return { part: compressed };
  const { block, record } = cutXzBlock(compressed, bytes);
  return { part: block, record };
}

async function readBlock(cache: BlockCache, { sha256, index }: RawBlock): Promise<Buffer> {
  const compressed = await cache.read(sha256, () => undefined);
  if (compressed) return compressed;
  throw new Failure(`Cannot compress the profile: the compressor left no whole block ${index}`, { hint: 'Run the same command again' });
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    (found) => found.size,
    () => undefined,
  );
}
