import { parseByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { type CacheEntry, findInUseSince, listCacheEntries, planPrune, removeCacheEntry } from './entries.ts';

const DAY = 86_400_000;
/** What nobody used for so long goes at the next prune. */
export const KEPT_DAYS = 30;
const USUAL_SIZE = '20GiB';

export interface Pruned {
  readonly removed: readonly CacheEntry[];
  /** What is left, in bytes. */
  readonly bytes: number;
}

/** Lets go of what was not used for KEPT_DAYS, then of what was used least recently until at most `maxBytes` are left. */
export async function pruneCache({ progress, signal }: Session, maxBytes?: number): Promise<Pruned> {
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
  return { removed, bytes: sumBytes(entries) - sumBytes(removed) };
}

/**
 * Keeps the cache within SEMEUR_CACHE_SIZE, 20 GiB without it: each change of a profile leaves 1 to 2 GiB, which nobody would go and look for.
 * @throws {Failure} when SEMEUR_CACHE_SIZE is no size.
 */
export async function boundCache(session: Session): Promise<Pruned> {
  const text = process.env['SEMEUR_CACHE_SIZE'] || USUAL_SIZE;
  const maxBytes = parseByteSize(text);
  if (maxBytes === undefined) throw new Failure(`Cannot read SEMEUR_CACHE_SIZE="${text}": it is no size`, { hint: 'Write it as "40GiB"' });
  return pruneCache(session, maxBytes);
}

export function sumBytes(items: readonly { readonly bytes: number }[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}
