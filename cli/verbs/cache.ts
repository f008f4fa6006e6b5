import { type Command, InvalidArgumentError } from 'commander';
import { type CacheEntry, listCacheEntries } from '../../builder/cache/entries.ts';
import { KEPT_DAYS, type Pruned, pruneCache, sumBytes } from '../../builder/cache/prune.ts';
import { formatByteSize, parseByteSize } from '../../kit/byte-size.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Report } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addCache(program: Command, run: RunVerb): void {
  const cache = program.command('cache').description('what is kept to work faster, and how to let it go');
  cache
    .command('list')
    .description('what the cache holds, by part, with sizes and last use')
    .addHelpText('after', examples('semeur cache list'))
    .action(() => run(listCache));
  cache
    .command('prune')
    .description(`remove what was not used for ${KEPT_DAYS} days; with --max-size also what was used least recently, until the cache fits`)
    .option('--max-size <size>', 'such as "20GiB"', readSize)
    .addHelpText('after', examples('semeur cache prune', 'semeur cache prune --max-size 10GiB'))
    .action((options: { maxSize?: number }) => run(async (session) => reportPrune(await pruneCache(session, options.maxSize), options.maxSize)));
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

function reportPrune({ removed, bytes }: Pruned, maxBytes: number | undefined): Report {
  const text = [`Removed ${removed.length} entries, ${formatByteSize(sumBytes(removed))}; ${formatByteSize(bytes)} are left in ${cacheFolder()}`];
  if (maxBytes !== undefined && bytes > maxBytes)
    text.push('What is left was used within the last hour, or since a running command began: it is kept');
  return { json: { folder: cacheFolder(), removed: removed.flatMap(({ paths }) => paths), freed: sumBytes(removed), bytes }, text };
}
