import { type Command, InvalidArgumentError } from 'commander';
import { formatByteSize, parseByteSize } from '../byte-size.ts';
import { type CacheEntry, findInUseSince, listCacheEntries, planPrune, removeCacheEntry } from '../cache-entries.ts';
import { cacheFolder } from '../cache-folder.ts';
import type { Report, Session } from '../session.ts';
import type { RunVerb } from './verb.ts';

const DAY = 86_400_000;
const KEPT_DAYS = 30;

export function addCache(program: Command, run: RunVerb): void {
  const cache = program.command('cache').description('what is kept to work faster, and how to let it go');
  cache
    .command('list')
    .description('what the cache holds, by part, with sizes and last use')
    .action(() => run(listCache));
  cache
    .command('prune')
    .description(`remove what was not used for ${KEPT_DAYS} days; with --max-size also what was used least recently, until the cache fits`)
    .option('--max-size <size>', 'such as "20GiB"', readSize)
    .action((options: { maxSize?: number }) => run((session) => pruneCache(session, options.maxSize)));
}

function readSize(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('Give a size such as "20GiB".');
  return bytes;
}

async function listCache(): Promise<Report> {
  const parts = [...Map.groupBy(await listCacheEntries(), ({ part }) => part)].map(([part, entries]) => summarise(part, entries));
  const bytes = sumBytes(parts);
  const lines = parts.map(
    (part) => `${part.part.padEnd(12)}${String(part.entries).padStart(7)}${formatByteSize(part.bytes).padStart(12)}  ${part.lastUsed.slice(0, 10)}`,
  );
  const head = `${'part'.padEnd(12)}${'entries'.padStart(7)}${'size'.padStart(12)}  last use`;
  return { json: { folder: cacheFolder(), bytes, parts }, text: [cacheFolder(), head, ...lines, `in all ${formatByteSize(bytes)}`] };
}

function summarise(part: string, entries: readonly CacheEntry[]) {
  const lastUsed = new Date(Math.max(...entries.map((entry) => entry.lastUsed))).toISOString();
  return { part, entries: entries.length, bytes: sumBytes(entries), lastUsed };
}

async function pruneCache({ progress, signal }: Session, maxBytes: number | undefined): Promise<Report> {
  const now = Date.now();
  const entries = await listCacheEntries();
  const limits = { unusedSince: now - KEPT_DAYS * DAY, inUseSince: await findInUseSince(now), ...(maxBytes === undefined ? {} : { maxBytes }) };
  const removed: CacheEntry[] = [];
  for (const entry of planPrune(entries, limits)) {
    signal.throwIfAborted();
    try {
      await removeCacheEntry(entry);
      removed.push(entry);
    } catch (error) {
      progress.warn(`Cannot remove "${entry.paths[0]}": ${error instanceof Error ? error.message : error}`);
    }
  }
  return reportPrune(removed, sumBytes(entries) - sumBytes(removed), maxBytes);
}

function reportPrune(removed: readonly CacheEntry[], bytes: number, maxBytes: number | undefined): Report {
  const text = [`Removed ${removed.length} entries, ${formatByteSize(sumBytes(removed))}; ${formatByteSize(bytes)} are left in ${cacheFolder()}`];
  if (maxBytes !== undefined && bytes > maxBytes)
    text.push('What is left was used within the last hour, or since a running command began: it is kept');
  return { json: { folder: cacheFolder(), removed: removed.flatMap(({ paths }) => paths), freed: sumBytes(removed), bytes }, text };
}

function sumBytes(items: readonly { readonly bytes: number }[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}
