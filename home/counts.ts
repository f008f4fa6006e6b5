import type { RefusalWord } from './refusal.ts';

/** What home did since it started, for its metrics. */
export interface Counts {
  /** That were kept. */
  heartbeats: number;
  readonly refusals: Map<RefusalWord, number>;
}

export function createCounts(): Counts {
  return { heartbeats: 0, refusals: new Map() };
}

export function countRefusal({ refusals }: Counts, word: RefusalWord): void {
  refusals.set(word, (refusals.get(word) ?? 0) + 1);
}
