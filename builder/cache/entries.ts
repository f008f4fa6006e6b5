import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { isRunning } from '../../kit/is-running.ts';

/** What is kept or let go as one: a prefix's folder, a compressed block with its checksum, a base. */
export interface CacheEntry {
  /** The first folder of the cache: "prefixes", "blocks", "pool"… */
  readonly part: string;
  readonly paths: readonly string[];
  /** On the disk: holes don't count. */
  readonly bytes: number;
  /** Milliseconds since 1970: the newest reading or writing that the disk remembers of a file. */
  readonly lastUsed: number;
}

const HOUR = 3_600_000;

/** Everything in the cache but the work of running commands. */
export async function listCacheEntries(): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for (const part of await readFolder(cacheFolder())) {
    if (part.name === 'tmp') entries.push(...(await listFolder('tmp', cacheFolder('tmp'))).filter(isAbandoned));
    else if (part.name === 'blocks')
      for (const folder of await readFolder(cacheFolder('blocks'))) entries.push(...(await listFolder('blocks', cacheFolder('blocks', folder.name))));
    else if (part.isDirectory()) entries.push(...(await listFolder(part.name, cacheFolder(part.name))));
  }
  return entries;
}

/**
 * Chooses what to let go, least recently used first: what was not used since `unusedSince`, then until at most `maxBytes` are left.
 * Never what was used after `inUseSince`: a running command may need it.
 */
export function planPrune(
  entries: readonly CacheEntry[],
  { maxBytes, unusedSince, inUseSince }: { readonly maxBytes?: number; readonly unusedSince: number; readonly inUseSince: number },
): CacheEntry[] {
  let left = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: CacheEntry[] = [];
  for (const entry of entries.toSorted((a, b) => a.lastUsed - b.lastUsed)) {
    const unwanted = entry.part === 'tmp' || entry.lastUsed < unusedSince || (maxBytes !== undefined && left > maxBytes);
    if (!unwanted || (entry.part !== 'tmp' && entry.lastUsed >= inUseSince)) continue;
    removed.push(entry);
    left -= entry.bytes;
  }
  return removed;
}

/** What was used after this moment may be in use: an hour ago, or when the oldest running command began its work. */
export async function findInUseSince(now: number): Promise<number> {
  let since = now - HOUR;
  for (const folder of await readFolder(cacheFolder('tmp'))) {
    if (!isUnderWork(folder.name)) continue;
    const { birthtimeMs } = await lstat(cacheFolder('tmp', folder.name)).catch(() => ({ birthtimeMs: now }));
    since = Math.min(since, birthtimeMs - HOUR);
  }
  return since;
}

/** Takes an entry away at once (a rename), then deletes it, so that no reader meets half of it. */
export async function removeCacheEntry(entry: CacheEntry): Promise<void> {
  const grave = cacheFolder('tmp', `${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(grave, { recursive: true });
  for (const [index, path] of entry.paths.entries()) await rename(path, join(grave, String(index)));
  await rm(grave, { recursive: true, force: true });
}

/** A block's checksum goes with its block: names that differ only in ".sha256" are one entry. */
async function listFolder(part: string, folder: string): Promise<CacheEntry[]> {
  const groups = Map.groupBy(await readFolder(folder), ({ name }) => name.replace(/\.sha256$/, ''));
  const entries: CacheEntry[] = [];
  for (const group of groups.values()) {
    const paths = group.map(({ name }) => join(folder, name));
    const measured = await Promise.all(paths.map(measure));
    const bytes = measured.reduce((sum, one) => sum + one.bytes, 0);
    entries.push({ part, paths, bytes, lastUsed: Math.max(...measured.map((one) => one.lastUsed)) });
  }
  return entries;
}

async function measure(path: string): Promise<{ bytes: number; lastUsed: number }> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return { bytes: 0, lastUsed: 0 };
  let bytes = found.blocks * 512;
  // Listing a folder counts as reading it: only its files tell when it was used.
  let lastUsed = found.isDirectory() ? found.mtimeMs : Math.max(found.atimeMs, found.mtimeMs);
  if (found.isDirectory()) {
    for (const child of await readFolder(path)) {
      const inner = await measure(join(path, child.name));
      bytes += inner.bytes;
      lastUsed = Math.max(lastUsed, inner.lastUsed);
    }
  }
  return { bytes, lastUsed };
}

/** Work folders are named PID-RANDOM. */
function isUnderWork(name: string): boolean {
  const pid = Number.parseInt(name, 10);
  return pid > 0 && isRunning(pid);
}

function isAbandoned({ paths }: CacheEntry): boolean {
  return paths.every((path) => !isUnderWork(path.slice(path.lastIndexOf('/') + 1)));
}

async function readFolder(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
