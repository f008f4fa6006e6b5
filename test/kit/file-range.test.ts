import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRange, writeRange } from '../../kit/file-range.ts';

const MIB = 1024 * 1024;
let folder: string;
let file: FileHandle;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-range-'));
  file = await open(join(folder, 'file'), 'w+');
  await writeRange(file, 3 * MIB, Buffer.from('the end'));
});
afterAll(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

describe('readRange()', () => {
  it('reads what was written, and no more than there is', async () => {
    expect((await readRange(file, 3 * MIB, 3)).toString()).toBe('the');
    expect((await readRange(file, 3 * MIB, 100)).toString()).toBe('the end');
    expect(await readRange(file, 4 * MIB, 100)).toHaveLength(0);
    expect(await readRange(file, 0, 3 * MIB + 7)).toHaveLength(3 * MIB + 7);
  });

  it('allocates no terabytes because a file says so', async () => {
    expect(await readRange(file, 0, 2 ** 42)).toHaveLength(3 * MIB + 7);
  });

  it('goes on where the system brings or takes one byte at a time', async () => {
    const bytes = Buffer.from('slowly');
    const kept = Buffer.alloc(bytes.length);
    const slow = {
      read: async (into: Buffer, at: number, length: number, position: number) => ({
        bytesRead: bytes.copy(into, at, position, position + Math.min(length, 1)),
      }),
      write: async (from: Buffer, at: number, _: number, position: number) => ({ bytesWritten: from.copy(kept, position, at, at + 1) }),
    } as unknown as FileHandle;
    expect((await readRange(slow, 2, 10)).toString()).toBe('owly');
    await writeRange(slow, 0, bytes);
    expect(kept.toString()).toBe('slowly');
  });
});
