import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { DownloadPart, DownloadPlan } from '../../protocol/download.ts';
import type { ByteRange } from './byte-range.ts';

/** A download holds two of them: one is read while the other is on the line. Four times as many calls with 64 KiB cost twice the processor time. */
const CHUNK_BYTES = 256 * 1024;

/** Its prefix can't be read now: it isn't there, or is another file than the plan says. */
export class PrefixUnavailable extends Error {}

/** An image that is put together while it is read. Its prefix is open until close(): who takes its name away in the meantime takes nothing from it. */
export interface ComposedFile {
  /**
   * Writes these bytes as fast as they are taken, and no faster. Not by a stream of its own: that would need new memory for each piece, and twice the time.
   * @throws when `to` was closed, or {PrefixUnavailable} when the prefix was cut short under it.
   */
  writeRange(range: ByteRange, to: Writable): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param prefixes the folder with DIGEST/prefix.xz; nothing outside it is opened, by a link neither.
 * @throws {PrefixUnavailable} when the prefix isn't there in the length that the plan has.
 */
export async function openComposed({ prefix, parts, tail = '' }: DownloadPlan, prefixes: string): Promise<ComposedFile> {
  const handle = await openPrefix(prefix, prefixes);
  return {
    async writeRange(range, to) {
      const bytes = Buffer.from(tail, 'base64');
      for (const { of, start, end } of cutParts(parts, range)) {
        if (of === 'tail') await write(to, bytes.subarray(start, end));
        else await writeFileRange(handle, start, end, to);
      }
    },
    close: () => handle.close(),
  };
}

async function openPrefix({ digest, file, bytes }: DownloadPlan['prefix'], prefixes: string): Promise<FileHandle> {
  const handle = await openInside(prefixes, digest, file);
  const found = await handle.stat();
  if (found.isFile() && found.size === bytes) return handle;
  await handle.close();
  throw new PrefixUnavailable(`the prefix ${digest} has ${found.size} bytes, not ${bytes}`);
}

async function openInside(folder: string, digest: string, file: string): Promise<FileHandle> {
  try {
    const path = join(await realpath(folder), digest, file);
    if ((await realpath(path)) !== path) throw new Error('there is a link in its path');
    return await open(path, 'r');
  } catch (error) {
    throw new PrefixUnavailable(`the prefix ${digest} cannot be opened`, { cause: error });
  }
}

/** Finds what a range of the file is made of that the parts make one after the other: of each part's source, from `start` to before `end`. */
function cutParts(parts: readonly DownloadPart[], { first, last }: ByteRange) {
  let at = 0;
  return parts.flatMap(({ of, offset, length }) => {
    const [from, to] = [Math.max(first - at, 0), Math.min(last + 1 - at, length)];
    at += length;
    return from < to ? [{ of, start: offset + from, end: offset + to }] : [];
  });
}

async function writeFileRange(handle: FileHandle, start: number, end: number, to: Writable): Promise<void> {
  let [buffer, other] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  let written = Promise.resolve();
  for (let at = start; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK_BYTES, end - at), at);
    await written;
    if (bytesRead === 0) throw new PrefixUnavailable('the prefix was cut short while it was read');
    written = write(to, buffer.subarray(0, bytesRead));
    // Awaited a little later: until then, nobody else would hear of a failure.
    written.catch(() => undefined);
    at += bytesRead;
    [buffer, other] = [other, buffer];
  }
  await written;
}

/** @returns once the system has it, so that the buffer is free again. */
function write(to: Writable, bytes: Buffer): Promise<void> {
  return new Promise((done, failed) => {
    const end = () => failed(new Error('the connection was closed'));
    if (to.destroyed) return end();
    to.once('close', end);
    to.write(bytes, (error) => {
      to.off('close', end);
      if (error) failed(error);
      else done();
    });
  });
}
