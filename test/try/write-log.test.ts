import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countLogged, cutPower, readWriteLog, replayWrites } from '../../builder/try/write-log.ts';

const SECTOR = 512;
let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-log-'));
  log = join(folder, 'log');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** One sector, as dm-log-writes has it: which, how many, flags. */
function entry(sector: number, sectors: number, flags: number): Buffer {
  const head = Buffer.alloc(SECTOR);
  head.writeBigUInt64LE(BigInt(sector), 0);
  head.writeBigUInt64LE(BigInt(sectors), 8);
  head.writeBigUInt64LE(BigInt(flags), 16);
  return head;
}

async function writeLog(count: number, ...parts: readonly Buffer[]): Promise<void> {
  const head = Buffer.alloc(SECTOR);
  head.writeBigUInt64LE(0x6a736677736872n, 0);
  head.writeBigUInt64LE(1n, 8);
  head.writeBigUInt64LE(BigInt(count), 16);
  head.writeUInt32LE(SECTOR, 24);
  await writeFile(log, Buffer.concat([head, ...parts]));
}

const data = (letter: string, sectors = 1) => Buffer.alloc(SECTOR * sectors, letter);

describe('a log of writes', () => {
  it('is read in order, and no further than it says', async () => {
    const parts = [entry(2, 2, 0), data('a', 2), entry(0, 0, 1), entry(9, 4, 4), entry(1, 1, 3), data('b'), entry(5, 1, 0), data('c')];
    await writeLog(4, ...parts);
    const requests = await readWriteLog(log);
    expect(requests.map(({ kind, offset, bytes }) => [kind, offset, bytes])).toEqual([
      ['write', 2 * SECTOR, 2 * SECTOR],
      ['flush', 0, 0],
      ['discard', 9 * SECTOR, 4 * SECTOR],
      ['flush', 0, 0],
      ['safe', SECTOR, SECTOR],
    ]);
    expect(await countLogged(log)).toBe(4);
    const raw = join(folder, 'raw');
    await writeFile(raw, data('.', 6));
    await replayWrites(log, requests, raw);
    expect((await readFile(raw, 'latin1')).replace(/(.)\1{511}/g, '$1')).toBe('.baa..');
  });

  it('has nothing in it before the first request', async () => {
    await writeFile(log, Buffer.alloc(SECTOR));
    expect(await readWriteLog(log)).toEqual([]);
  });
});

describe('cutPower()', () => {
  const request = (kind: 'write' | 'safe' | 'flush', offset: number) => ({ kind, offset, bytes: 1, at: 0 });

  it('keeps what was flushed as it was; of the rest anything may be lost, and come in any order', () => {
    const requests = [request('write', 1), request('write', 2), request('flush', 0), request('write', 3), request('safe', 4), request('write', 5)];
    const offsets = (chance: () => number) => cutPower(requests, chance).map(({ offset }) => offset);
    expect(offsets(() => 0.9)).toEqual([1, 2, 0, 4]);
    const falling = [0.1, 0.2, 0.9, 0.8, 0.7];
    expect(offsets(() => falling.shift() ?? 0)).toEqual([1, 2, 0, 5, 4, 3]);
  });
});
