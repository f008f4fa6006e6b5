import { crc32 } from 'node:zlib';
import type { XzRecord } from './prefix.ts';

/** The parts of the .xz format that composing needs (xz-file-format.txt 1.2.0): header, footer, index, block header. Check: CRC32. */

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const FOOTER_MAGIC = Buffer.from('YZ');
const FLAGS = Buffer.from([0x00, 0x01]);
export const XZ_HEADER_BYTES = 12;
export const XZ_FOOTER_BYTES = 12;
const CHECK_BYTES = 4;

export const XZ_STREAM_HEADER = Buffer.concat([MAGIC, FLAGS, crcOf(FLAGS)]);

/** A stream that can't be what it should be; the message says in what. */
export class XzFormatError extends Error {}

export function crcOf(bytes: Uint8Array): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32LE(crc32(bytes));
  return field;
}

export function isXzHeader(bytes: Buffer): boolean {
  return bytes.subarray(0, XZ_HEADER_BYTES).equals(XZ_STREAM_HEADER);
}

/** Bytes of a block in the file: its unpadded size rounded up to 4. */
export function paddedBytes({ unpadded }: XzRecord): number {
  return Math.ceil(unpadded / 4) * 4;
}

/** Index and footer that end a stream of these blocks. */
export function renderIndexAndFooter(records: readonly XzRecord[]): Buffer {
  const numbers = records.flatMap(({ unpadded, uncompressed }) => [renderNumber(unpadded), renderNumber(uncompressed)]);
  const index = padToFour(Buffer.concat([Buffer.from([0]), renderNumber(records.length), ...numbers]));
  const backward = Buffer.alloc(4);
  backward.writeUInt32LE((index.length + 4) / 4 - 1);
  const sizeAndFlags = Buffer.concat([backward, FLAGS]);
  return Buffer.concat([index, crcOf(index), crcOf(sizeAndFlags), sizeAndFlags, FOOTER_MAGIC]);
}

/** @returns the size of the index that this footer ends. */
export function parseFooter(footer: Buffer): number {
  if (!footer.subarray(10).equals(FOOTER_MAGIC)) throw new XzFormatError('no footer at the end');
  if (!footer.subarray(0, 4).equals(crcOf(footer.subarray(4, 10)))) throw new XzFormatError('the footer is damaged');
  if (!footer.subarray(8, 10).equals(FLAGS)) throw new XzFormatError('the check is not CRC32');
  return (footer.readUInt32LE(4) + 1) * 4;
}

export function parseIndex(index: Buffer): XzRecord[] {
  if (!index.subarray(-4).equals(crcOf(index.subarray(0, -4))) || index[0] !== 0) throw new XzFormatError('the index is damaged');
  const cursor = { at: 1 };
  const count = parseNumber(index, cursor);
  const records: XzRecord[] = [];
  for (let i = 0; i < count; i++) records.push({ unpadded: parseNumber(index, cursor), uncompressed: parseNumber(index, cursor) });
  return records;
}

/** A block header that states both sizes, which is what lets `xz -T` decode blocks in parallel. */
export function renderBlockHeader(compressed: number, uncompressed: number, filters: Buffer): Buffer {
  const fields = Buffer.concat([renderNumber(compressed), renderNumber(uncompressed), filters]);
  const header = padToFour(Buffer.concat([Buffer.from([0, 0xc0 | (filterCount(filters) - 1)]), fields]));
  header[0] = header.length / 4;
  return Buffer.concat([header, crcOf(header)]);
}

/** @param block starts with a block header. @returns the header's size and its filter flags, as they stand. */
export function parseBlockHeader(block: Buffer): { headerBytes: number; filters: Buffer } {
  const headerBytes = ((block[0] ?? 0) + 1) * 4;
  const header = block.subarray(0, headerBytes);
  if (!header.subarray(-4).equals(crcOf(header.subarray(0, -4)))) throw new XzFormatError('a block header is damaged');
  const flags = header[1] ?? 0;
  const cursor = { at: 2 };
  if (flags & 0x40) parseNumber(header, cursor);
  if (flags & 0x80) parseNumber(header, cursor);
  const start = cursor.at;
  for (let i = 0; i <= (flags & 3); i++) skipFilter(header, cursor);
  return { headerBytes, filters: header.subarray(start, cursor.at) };
}

/** Compressed bytes of a block: without its header, padding and check. */
export function payloadBytes(record: XzRecord, headerBytes: number): number {
  return record.unpadded - headerBytes - CHECK_BYTES;
}

function skipFilter(bytes: Buffer, cursor: { at: number }): void {
  parseNumber(bytes, cursor);
  const length = parseNumber(bytes, cursor);
  cursor.at += length;
}

function filterCount(filters: Buffer): number {
  const cursor = { at: 0 };
  let count = 0;
  for (; cursor.at < filters.length; count++) skipFilter(filters, cursor);
  return count;
}

export function padToFour(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** Variable-length integer: seven bits a byte, least significant first. */
function renderNumber(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  bytes.push(value);
  return Buffer.from(bytes);
}

function parseNumber(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new XzFormatError('a number runs past its end');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}
