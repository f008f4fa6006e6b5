import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressPrefix } from '../../builder/image/compress.ts';
import type { Compressor } from '../../builder/image/compressor.ts';
import { ingestPrefix } from '../../builder/image/ingest.ts';
import type { BlockRange, Prefix } from '../../builder/image/prefix.ts';
import { SILENT } from '../../cli/terminal/progress.ts';
import type { Session } from '../../kit/session.ts';
import { hostXz } from './host-xz.ts';

export const MIB = 1024 * 1024;

/** argv prefix of the program itself. */
export const SEMEUR: readonly string[] = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, '../../cli/main.ts')];

/** A session that collects its warnings. */
export function createQuietSession(signal: AbortSignal = new AbortController().signal): Session & { warnings: string[] } {
  const warnings: string[] = [];
  const progress = { ...SILENT, warn: (message: string) => void warnings.push(message) };
  return { progress, signal, workspace: undefined, program: SEMEUR, warnings };
}

/** Gives `task` an empty folder, with the cache in it. */
export async function withCache<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-image-'));
  const before = process.env['XDG_CACHE_HOME'];
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
  try {
    return await task(folder);
  } finally {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes at offsets of an otherwise empty sparse file. */
export async function writeSparse(file: string, size: number, pieces: readonly { offset: number; bytes: Uint8Array }[]): Promise<string> {
  const handle = await open(file, 'w');
  try {
    await handle.truncate(size);
    for (const { offset, bytes } of pieces) await handle.write(bytes, 0, bytes.length, offset);
  } finally {
    await handle.close();
  }
  return file;
}

/** A prefix of 33 MiB (two whole blocks and a short one) with data, zeros and a journal-like range of zeros. */
export async function makePrefix(folder: string, alwaysMapped: readonly BlockRange[] = [{ first: 5000, last: 5999 }]): Promise<Prefix> {
  const pieces = [
    { offset: 0, bytes: randomBytes(300_000) },
    { offset: 16 * MIB - 5000, bytes: randomBytes(20_000) },
    { offset: 32 * MIB + 7, bytes: Buffer.from('the last block') },
  ];
  return ingestPrefix(await writeSparse(join(folder, 'raw.img'), 33 * MIB, pieces), { profile: 'maison', alwaysMapped });
}

export async function makeCompressedPrefix(folder: string, format: 'xz' | 'zst', compressor: Compressor = hostXz): Promise<Prefix> {
  return compressPrefix(await makePrefix(folder), format, compressor, createQuietSession());
}

/** A region as seeds are: something random at the start, then zeros. */
export function makeRegion(used = 9000): Buffer {
  const region = Buffer.alloc(4 * MIB);
  randomBytes(used).copy(region);
  return region;
}
