import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { writeRange } from '../../kit/file-range.ts';

/** Zeros in runs of this size become holes. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * Writes a stream into an empty file, zeros as holes, one chunk at a time.
 * @param check is called with the length so far, before more is taken; it throws to end it.
 */
export async function writeSparse(
  handle: FileHandle,
  chunks: AsyncIterable<Buffer>,
  check: (bytes: number) => void,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const block = Buffer.alloc(BLOCK);
  let bytes = 0;
  let filled = 0;
  const flush = async () => {
    const data = block.subarray(0, filled);
    if (ZEROS.compare(data, 0, filled, 0, filled) !== 0) await writeRange(handle, bytes - filled, data);
    filled = 0;
  };
  for await (const chunk of chunks) {
    hash.update(chunk);
    for (let from = 0; from < chunk.length; ) {
      const taken = chunk.copy(block, filled, from);
      from += taken;
      filled += taken;
      bytes += taken;
      if (filled === BLOCK) await flush();
    }
    check(bytes);
  }
  await flush();
  await handle.truncate(bytes);
  return { bytes, sha256: hash.digest('hex') };
}
