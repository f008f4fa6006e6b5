import { REGION_BYTES } from '../../protocol/sizes.ts';
import { MAP_BLOCK_BYTES, type XzRecord } from './prefix.ts';
import { crcOf, padToFour, parseBlockHeader, renderBlockHeader, XzFormatError } from './xz-format.ts';
import { ZERO_CHUNKS } from './zero-chunks.ts';

/** LZMA2 (id 0x21), one byte of properties: a dictionary of 64 KiB, more than zero runs need. */
const FILTERS = Buffer.from([0x21, 0x01, 0x08]);
const UNCOMPRESSED_CHUNK_BYTES = 64 * 1024;
const DICTIONARY_RESET = 0x20;
const LZMA_CHUNK = 0xc0;

const zeroRuns = ZERO_CHUNKS.map(([bytes, base64]) => {
  const first = Buffer.from(base64, 'base64');
  const later = Buffer.from(first);
  later[0] = (first[0] ?? 0) & ~DICTIONARY_RESET;
  return { bytes, first, later };
});

/**
 * The seed region as one xz block, made without an encoder: what is used (rounded up to 4 KiB) as uncompressed LZMA2 chunks, the zeros after it as constants.
 * @returns the block with its padding, and its record for the index.
 */
export function renderXzSeedBlock(region: Buffer): { block: Buffer; record: XzRecord } {
  const used = usedBytes(region);
  const payload = Buffer.concat([...uncompressedChunks(region.subarray(0, used)), ...zeroChunks(region.length - used, used === 0), Buffer.from([0])]);
  const header = renderBlockHeader(payload.length, region.length, FILTERS);
  const check = crcOf(region);
  const record = { unpadded: header.length + payload.length + check.length, uncompressed: region.length };
  return { block: Buffer.concat([header, padToFour(payload), check]), record };
}

/** Reads back a block that `renderXzSeedBlock` made; @returns undefined if it is anything else, which only a real decoder reads. */
export function parseXzSeedBlock(block: Buffer): Buffer | undefined {
  const region = Buffer.alloc(REGION_BYTES);
  let filled = 0;
  for (let at = parseBlockHeader(block).headerBytes; block[at] !== 0; ) {
    const control = block[at];
    if (control === undefined) throw new XzFormatError('the seed block is cut short');
    if (control === 1 || control === 2) {
      const size = block.readUInt16BE(at + 1) + 1;
      filled += block.copy(region, filled, at + 3, at + 3 + size);
      at += 3 + size;
    } else {
      const run = zeroRuns.find(({ first, later }) => startsWith(block, at, first) || startsWith(block, at, later));
      if (!run) return undefined;
      filled += run.bytes;
      at += run.first.length;
    }
  }
  if (filled !== REGION_BYTES) return undefined;
  if (!block.subarray(-4).equals(crcOf(region))) throw new XzFormatError('the seed block does not match its check');
  return region;
}

/** Bytes up to the last one that isn't zero, rounded up to 4 KiB. */
export function usedBytes(region: Buffer): number {
  let end = region.length;
  const zeros = Buffer.alloc(MAP_BLOCK_BYTES);
  while (end > 0 && zeros.equals(region.subarray(end - MAP_BLOCK_BYTES, end))) end -= MAP_BLOCK_BYTES;
  return end;
}

function* uncompressedChunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += UNCOMPRESSED_CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + UNCOMPRESSED_CHUNK_BYTES);
    const head = Buffer.from([at === 0 ? 1 : 2, 0, 0]);
    head.writeUInt16BE(chunk.length - 1, 1);
    yield head;
    yield chunk;
  }
}

/** @param bytes a multiple of 4 KiB. @param opensBlock the first chunk of a block must reset the dictionary. */
function* zeroChunks(bytes: number, opensBlock: boolean): Generator<Buffer> {
  let left = bytes;
  for (const run of zeroRuns) {
    for (; left >= run.bytes; left -= run.bytes) yield opensBlock && left === bytes ? run.first : run.later;
  }
}

function startsWith(block: Buffer, at: number, chunk: Buffer): boolean {
  return (block[at] ?? 0) >= LZMA_CHUNK && block.subarray(at, at + chunk.length).equals(chunk);
}
