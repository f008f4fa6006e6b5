import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from '../../kit/atomic-file.ts';
import { fillRange } from '../../kit/file-range.ts';
import { copyRanges } from './copy-ranges.ts';
import { collectMappedBlocks } from './mapped-blocks.ts';
import { type BlockRange, loadPrefix, MAP_BLOCK_BYTES, PREFIX_BLOCK_BYTES, type Prefix, prefixFile, savePrefix } from './prefix.ts';
import { startSha256 } from './sha256.ts';

const MIB = 1024 * 1024;

export interface IngestOptions {
  readonly profile: string;
  /**
   * Ranges that a flasher must write even where they are zeros: the ext4 journal, where an earlier flash's would be replayed, and what a FAT uses, which
   * knows no holes. (Of ext4, mke2fs leaves zeros out of files, and the tables that it hasn't begun are marked.)
   */
  readonly alwaysMapped: readonly BlockRange[];
  readonly signal?: AbortSignal;
  readonly note?: (text: string) => void;
}

/**
 * Reads a raw prefix once, for all that composing needs, and takes it into the cache: the file is **moved** there.
 * @param raw a (sparse) file whose size is a multiple of 1 MiB.
 */
export async function ingestPrefix(raw: string, { profile, alwaysMapped, signal, note }: IngestOptions): Promise<Prefix> {
  const handle = await open(raw, 'r');
  let prefix: Prefix;
  try {
    const measured = await measureRaw(handle, alwaysMapped, signal, note);
    // The same bytes built again: what was compressed stays.
    const { xz, zst } = (await loadPrefix(measured.digest)) ?? {};
    prefix = { profile, ...measured, ...(xz && { xz }), ...(zst && { zst }) };
  } finally {
    await handle.close();
  }
  await keepRaw(raw, prefix);
  await savePrefix(prefix);
  return prefix;
}

async function measureRaw(handle: FileHandle, alwaysMapped: readonly BlockRange[], signal?: AbortSignal, note?: (text: string) => void) {
  const { size } = await handle.stat();
  if (size === 0 || size % MIB !== 0) throw new RangeError(`Cannot take a prefix of ${size} bytes: the size must be a multiple of 1 MiB`);
  const sha256 = await startSha256();
  const mapped = collectMappedBlocks(size / MAP_BLOCK_BYTES, alwaysMapped);
  const blocks: string[] = [];
  const zeros = Buffer.alloc(PREFIX_BLOCK_BYTES);
  const zeroDigest = digestOf(zeros);
  const buffer = Buffer.alloc(PREFIX_BLOCK_BYTES);
  for (let offset = 0; offset < size; offset += PREFIX_BLOCK_BYTES) {
    signal?.throwIfAborted();
    const wanted = Math.min(PREFIX_BLOCK_BYTES, size - offset);
    const bytes = await fillRange(handle, offset, buffer.subarray(0, wanted));
    if (bytes.length < wanted) throw new RangeError('Cannot read the prefix: the file ended before its size');
    const zero = zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
    sha256.update(bytes);
    mapped.add(bytes, zero);
    blocks.push(zero && bytes.length === PREFIX_BLOCK_BYTES ? zeroDigest : digestOf(bytes));
    note?.(`${Math.floor((offset + bytes.length) / MIB)} of ${size / MIB} MiB`);
  }
  const midstate = sha256.save();
  const ranges = mapped.finish();
  const mappedBlocks = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return { digest: sha256.digest(), bytes: size, midstate, blockBytes: PREFIX_BLOCK_BYTES, blocks, mapped: ranges, mappedBlocks };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function keepRaw(raw: string, prefix: Prefix): Promise<void> {
  const file = prefixFile(prefix.digest, 'img');
  await mkdir(dirname(file), { recursive: true });
  try {
    await rename(raw, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await writeAtomically(file, async (handle) => copyRanges(raw, handle, prefix));
  }
}
