import type { FileHandle } from 'node:fs/promises';

/** What is no larger is allocated on its asker's word. */
const TRUSTED_BYTES = 1024 * 1024;

/**
 * Reads a range of a file or a device whole: one call of the system may bring less than there is.
 * @param bytes often stands in the file itself: no more is allocated than there is.
 * @returns less where the file ends sooner.
 */
export async function readRange(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const isThere = bytes <= TRUSTED_BYTES || (await handle.read(Buffer.alloc(1), 0, 1, position + bytes - 1)).bytesRead === 1;
  const length = isThere ? bytes : Math.max(0, (await handle.stat()).size - position);
  return fillRange(handle, position, Buffer.alloc(length));
}

/** Likewise, into a buffer that is there. @returns the part of it that was filled. */
export async function fillRange(handle: FileHandle, position: number, buffer: Buffer): Promise<Buffer> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) return buffer.subarray(0, done);
    done += bytesRead;
  }
  return buffer;
}

/** One call of the system may write less than it was given. */
export async function writeRange(handle: FileHandle, position: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
