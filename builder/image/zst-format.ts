import { createXXHash64 } from 'hash-wasm';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { usedBytes } from './xz-seed-block.ts';

/** The parts of RFC 8878 that composing needs. */

export const ZST_MAGIC = 0xfd2fb528;
const BLOCK_BYTES = 128 * 1024;
/** Content size in 4 bytes, single segment (no window field), content checksum. */
const FRAME_DESCRIPTOR = 0b1010_0100;
const RAW = 0;
const RLE = 1;

/** The seed region as one zstd frame of raw blocks, and zeros as RLE blocks: made without an encoder. */
export async function renderZstSeedFrame(region: Buffer): Promise<Buffer> {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(ZST_MAGIC, 0);
  head[4] = FRAME_DESCRIPTOR;
  head.writeUInt32LE(region.length, 5);
  return Buffer.concat([head, ...blocks(region, usedBytes(region)), await contentChecksum(region)]);
}

function* blocks(region: Buffer, used: number): Generator<Buffer> {
  for (let at = 0; at < region.length; ) {
    const raw = at < used;
    const size = Math.min(BLOCK_BYTES, (raw ? used : region.length) - at);
    at += size;
    yield blockHeader(raw ? RAW : RLE, size, at === region.length);
    yield raw ? region.subarray(at - size, at) : Buffer.from([0]);
  }
}

function blockHeader(type: number, size: number, last: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3);
  return header;
}

/** The low four bytes of XXH64, least significant first. */
async function contentChecksum(bytes: Uint8Array): Promise<Buffer> {
  const xxhash = await createXXHash64(0);
  const digest = Buffer.from(xxhash.init().update(bytes).digest('binary'));
  return digest.subarray(4).reverse();
}

/** Reads back a frame that `renderZstSeedFrame` made; @returns undefined if it is anything else, which only a real decoder reads. */
export async function parseZstSeedFrame(frame: Buffer): Promise<Buffer | undefined> {
  const region = Buffer.alloc(REGION_BYTES);
  if (frame.length < 9 || frame[4] !== FRAME_DESCRIPTOR || frame.readUInt32LE(5) !== REGION_BYTES) return undefined;
  let filled = 0;
  for (const { type, size, start } of frameBlocks(frame)) {
    if (type === RAW) frame.copy(region, filled, start, start + size);
    else if (type !== RLE || frame[start] !== 0) return undefined;
    filled += size;
  }
  return filled === REGION_BYTES && (await contentChecksum(region)).equals(frame.subarray(-4)) ? region : undefined;
}

/** True for one frame, from the first byte to the last, that states a content of `bytes` bytes. */
export function isZstFrame(frame: Buffer, bytes: number): boolean {
  if (frame.length < 18 || frame.readUInt32LE(0) !== ZST_MAGIC) return false;
  const head = parseZstFrameHeader(frame);
  if (head?.contentBytes !== bytes) return false;
  for (let at = head.headerBytes; at + 3 <= frame.length; ) {
    const { storedBytes, last } = parseZstBlockHeader(frame.subarray(at, at + 3));
    at += 3 + storedBytes;
    if (last) return at + (head.checksum ? 4 : 0) === frame.length;
  }
  return false;
}

function* frameBlocks(frame: Buffer): Generator<{ type: number; size: number; start: number }> {
  for (let at = 9, last = false; !last; ) {
    const block = parseZstBlockHeader(frame.subarray(at, at + 3));
    yield { ...block, start: at + 3 };
    at += 3 + block.storedBytes;
    last = block.last;
  }
}

/** @returns the block's type, the size in its header, the bytes that follow the header, and whether it ends its frame. */
export function parseZstBlockHeader(header: Buffer): { type: number; size: number; storedBytes: number; last: boolean } {
  const value = header.readUIntLE(0, 3);
  const type = (value >> 1) & 3;
  const size = value >> 3;
  return { type, size, storedBytes: type === RLE ? 1 : size, last: (value & 1) === 1 };
}

/** @param header at least 18 bytes from the frame's magic, or fewer at the end of the file. @returns undefined when the content size isn't stated. */
export function parseZstFrameHeader(header: Buffer): { headerBytes: number; contentBytes: number; checksum: boolean } | undefined {
  const descriptor = header[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const sizeField = descriptor >> 6;
  if (sizeField === 0 && !single) return undefined;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const width = 1 << sizeField;
  const stated = width === 8 ? Number(header.readBigUInt64LE(at)) : header.readUIntLE(at, width) + (width === 2 ? 256 : 0);
  return { headerBytes: at + width, contentBytes: stated, checksum: (descriptor & 4) !== 0 };
}
