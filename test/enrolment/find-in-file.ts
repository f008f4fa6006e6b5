import { open } from 'node:fs/promises';

const CHUNK = 16 * 1024 * 1024;

/** @returns the offset of the first of each of the needles that is in the file. */
export async function findInFile(file: string, needles: readonly Buffer[]): Promise<number[]> {
  const found = new Map<Buffer, number>();
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1;
  const [buffer, zeros] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  const handle = await open(file);
  try {
    for (let at = 0; ; at += CHUNK - overlap) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      // Most of a card is empty.
      if (!chunk.equals(zeros.subarray(0, bytesRead))) {
        for (const needle of needles) {
          const index = found.has(needle) ? -1 : chunk.indexOf(needle);
          if (index >= 0) found.set(needle, at + index);
        }
      }
      if (bytesRead < CHUNK) break;
    }
  } finally {
    await handle.close();
  }
  return [...found.values()];
}
