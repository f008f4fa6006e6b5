import { type FileHandle, open } from 'node:fs/promises';
import { writeRange } from '../../kit/file-range.ts';
import { MAP_BLOCK_BYTES, type Prefix } from './prefix.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

/** Copies a raw prefix's mapped blocks into a new file and leaves the rest as holes. */
export async function copyRanges(
  raw: string,
  into: FileHandle,
  { mapped, bytes }: Pick<Prefix, 'mapped' | 'bytes'>,
  signal?: AbortSignal,
): Promise<void> {
  await into.truncate(bytes);
  const spans = mapped.map(({ first, last }) => ({ start: first * MAP_BLOCK_BYTES, end: (last + 1) * MAP_BLOCK_BYTES }));
  await copySpans(raw, into, spans, signal);
}

/** Copies the first `bytes` bytes of a file. In pieces, so that Ctrl-C is heard. */
export async function copyWhole(file: string, into: FileHandle, bytes: number, signal?: AbortSignal): Promise<void> {
  await copySpans(file, into, [{ start: 0, end: bytes }], signal);
}

async function copySpans(file: string, into: FileHandle, spans: readonly { start: number; end: number }[], signal?: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const from = await open(file, 'r');
  try {
    for (const { start, end } of spans) {
      for (let offset = start; offset < end; ) {
        signal?.throwIfAborted();
        const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - offset), offset);
        if (bytesRead === 0) throw new RangeError(`Cannot copy "${file}": it ended at ${offset}, before ${end}`);
        await writeRange(into, offset, buffer.subarray(0, bytesRead));
        offset += bytesRead;
      }
    }
  } finally {
    await from.close();
  }
}
