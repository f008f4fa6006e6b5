import { type FileHandle, open } from 'node:fs/promises';
import { readRange, writeRange } from '../../kit/file-range.ts';

/** One request of a disk's log, in the order in which the disk took them. */
export interface LoggedRequest {
  /** A flush makes sure of all before it; "safe" is a write that is on the disk before it is answered. */
  readonly kind: 'write' | 'safe' | 'flush' | 'discard';
  readonly offset: number;
  readonly bytes: number;
  /** Where its bytes are in the log. */
  readonly at: number;
}

const MAGIC = 0x6a736677736872n;
const FLAGS = { flush: 1n, safe: 2n, discard: 4n };
const HEAD_BYTES = 64;

/**
 * Reads the log that QEMU's blklogwrites keeps, in the format of the kernel's dm-log-writes.
 * @see https://docs.kernel.org/admin-guide/device-mapper/log-writes.html
 */
export async function readWriteLog(file: string): Promise<LoggedRequest[]> {
  const log = await open(file);
  try {
    const { count, sector } = await readSuper(log, file);
    const requests: LoggedRequest[] = [];
    let at = sector;
    while (requests.length < count) {
      const head = await readWhole(log, file, at, HEAD_BYTES);
      const [first, sectors, flags] = [head.readBigUInt64LE(0), Number(head.readBigUInt64LE(8)), head.readBigUInt64LE(16)];
      const bytes = sectors * sector;
      const kind = flags & FLAGS.discard ? 'discard' : bytes === 0 ? 'flush' : flags & FLAGS.safe ? 'safe' : 'write';
      // A write that says flush: what came before it is safe first.
      if (kind !== 'flush' && flags & FLAGS.flush) requests.push({ kind: 'flush', offset: 0, bytes: 0, at });
      at += sector;
      requests.push({ kind, offset: Number(first) * sector, bytes, at });
      if (kind !== 'discard') at += bytes;
    }
    return requests;
  } finally {
    await log.close();
  }
}

/** How many requests are in a log that is being written. */
export async function countLogged(file: string): Promise<number> {
  const log = await open(file);
  try {
    return (await readSuper(log, file)).count;
  } finally {
    await log.close();
  }
}

/** Does to a raw image what the requests say. */
export async function replayWrites(file: string, requests: readonly LoggedRequest[], raw: string): Promise<void> {
  const [log, disk] = [await open(file), await open(raw, 'r+')];
  try {
    for (const { kind, offset, bytes, at } of requests) {
      if (kind !== 'write' && kind !== 'safe') continue;
      await writeRange(disk, offset, await readWhole(log, file, at, bytes));
    }
  } finally {
    await log.close();
    await disk.close();
  }
}

/**
 * What may be on a disk whose power is cut after `requests`: all that a flush made sure of, and of what came later whatever `chance` lets through,
 * in any order.
 * @param chance a number from 0 to 1, another at each call.
 */
export function cutPower(requests: readonly LoggedRequest[], chance: () => number): LoggedRequest[] {
  const sure = requests.findLastIndex(({ kind }) => kind === 'flush') + 1;
  const open = requests.slice(sure);
  const lucky = open.filter(({ kind }) => kind === 'safe' || chance() < 0.5);
  const order = new Map(lucky.map((request) => [request, chance()]));
  return [...requests.slice(0, sure), ...lucky.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))];
}

async function readSuper(log: FileHandle, file: string): Promise<{ count: number; sector: number }> {
  const head = await readRange(log, 0, HEAD_BYTES);
  // QEMU writes its first line with the first request.
  if (head.length < HEAD_BYTES || head.readBigUInt64LE(0) === 0n) return { count: 0, sector: 512 };
  if (head.readBigUInt64LE(0) !== MAGIC) throw new Error(`"${file}" is no log of writes`);
  return { count: Number(head.readBigUInt64LE(16)), sector: head.readUInt32LE(24) };
}

async function readWhole(log: FileHandle, file: string, position: number, bytes: number): Promise<Buffer> {
  const found = await readRange(log, position, bytes);
  if (found.length < bytes) throw new Error(`"${file}" ends before byte ${position + bytes}`);
  return found;
}
