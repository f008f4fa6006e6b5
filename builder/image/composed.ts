import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../../kit/failure.ts';
import { readRange } from '../../kit/file-range.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import type { ImageFormat, XzRecord } from './prefix.ts';
import { isXzHeader, paddedBytes, parseFooter, parseIndex, XZ_FOOTER_BYTES, XZ_HEADER_BYTES, XzFormatError } from './xz-format.ts';
import { parseXzSeedBlock } from './xz-seed-block.ts';
import { parseZstBlockHeader, parseZstFrameHeader, parseZstSeedFrame, ZST_MAGIC } from './zst-format.ts';

/** What an image file says about itself, read without decompressing it. */
export interface ComposedImage {
  readonly format: ImageFormat;
  readonly bytes: number;
  readonly extractedBytes: number;
  /** One xz stream from the first byte to the last, as flashers expect; always true for the other formats. */
  readonly oneStream: boolean;
  /** Where the last block (xz), frame (zst) or the last 4 MiB (img) begin and end: the seed region of an image made here. */
  readonly last: { readonly start: number; readonly end: number };
}

/** @throws {Failure} when the file is damaged or cut short. */
export async function readComposed(file: string): Promise<ComposedImage> {
  return withFile(file, describe);
}

/** @returns the seed region (4 MiB), or undefined when the image's end was not written by composeTail. */
export async function readRegion(file: string): Promise<Buffer | undefined> {
  return withFile(file, async (handle) => {
    const { format, last } = await describe(handle);
    const bytes = await readAt(handle, last.start, last.end - last.start);
    if (format === 'img') return bytes.length === REGION_BYTES ? bytes : undefined;
    return format === 'xz' ? parseXzSeedBlock(bytes) : parseZstSeedFrame(bytes);
  });
}

async function withFile<T>(file: string, task: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await openFile(file);
  try {
    return await task(handle);
  } catch (error) {
    if (!(error instanceof XzFormatError || error instanceof RangeError)) throw error;
    throw new Failure(`Cannot read the image "${file}": ${error.message}`, { hint: 'Build or download it again', cause: error });
  } finally {
    await handle.close();
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure(`Cannot open "${file}"${missing ? ': there is no such file' : ''}`, {
      hint: 'Images and seeds are in the out/ folder',
      cause: error,
    });
  }
}

async function describe(handle: FileHandle): Promise<ComposedImage> {
  const { size } = await handle.stat();
  const start = await readAt(handle, 0, Math.min(size, XZ_HEADER_BYTES));
  if (isXzHeader(start)) return describeXz(handle, size);
  if (size > 4 && start.readUInt32LE(0) === ZST_MAGIC) return describeZst(handle, size);
  return { format: 'img', bytes: size, extractedBytes: size, oneStream: true, last: { start: Math.max(0, size - REGION_BYTES), end: size } };
}

async function describeXz(handle: FileHandle, size: number): Promise<ComposedImage> {
  const footerAt = size - XZ_FOOTER_BYTES;
  const indexBytes = parseFooter(await readAt(handle, footerAt, XZ_FOOTER_BYTES));
  const records = parseIndex(await readAt(handle, footerAt - indexBytes, indexBytes));
  const end = footerAt - indexBytes;
  const blocks = records.reduce((sum, record) => sum + paddedBytes(record), 0);
  const extractedBytes = records.reduce((sum, { uncompressed }) => sum + uncompressed, 0);
  const oneStream = XZ_HEADER_BYTES + blocks === end;
  return { format: 'xz', bytes: size, extractedBytes, oneStream, last: { start: end - lastBlock(records), end } };
}

function lastBlock(records: readonly XzRecord[]): number {
  const last = records.at(-1);
  return last ? paddedBytes(last) : 0;
}

async function describeZst(handle: FileHandle, size: number): Promise<ComposedImage> {
  let extractedBytes = 0;
  let last = { start: 0, end: 0 };
  for (let at = 0; at < size; at = last.end) {
    const header = await readAt(handle, at, Math.min(18, size - at));
    const frame = header.readUInt32LE(0) === ZST_MAGIC ? parseZstFrameHeader(header) : undefined;
    if (!frame) throw new RangeError(`no zstd frame with its content size at byte ${at}`);
    last = { start: at, end: await frameEnd(handle, at + frame.headerBytes, frame.checksum) };
    extractedBytes += frame.contentBytes;
  }
  if (last.end !== size) throw new RangeError('the last zstd frame is cut short');
  return { format: 'zst', bytes: size, extractedBytes, oneStream: true, last };
}

async function frameEnd(handle: FileHandle, firstBlock: number, checksum: boolean): Promise<number> {
  for (let at = firstBlock; ; ) {
    const { storedBytes, last } = parseZstBlockHeader(await readAt(handle, at, 3));
    at += 3 + storedBytes;
    if (last) return at + (checksum ? 4 : 0);
  }
}

/** @throws {RangeError} when the file has fewer bytes. */
async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  if (offset < 0) throw new RangeError('it is too short');
  const bytes = await readRange(handle, offset, length);
  if (bytes.length < length) throw new RangeError('it ends too soon');
  return bytes;
}
