import type { RefusalWord } from '../limits/refusal.ts';

/** What home did since it started, for its metrics. */
export interface Counts {
  /** That were kept. */
  heartbeats: number;
  readonly refusals: Map<RefusalWord, number>;
  readonly visits: Map<VisitEnd, number>;
}

/** What became of a connection to clients' sites. */
export type VisitEnd = 'passed' | 'not-tls' | 'unknown' | 'away' | 'full';

export function createCounts(): Counts {
  return { heartbeats: 0, refusals: new Map(), visits: new Map() };
}

export function countRefusal({ refusals }: Counts, word: RefusalWord): void {
  refusals.set(word, (refusals.get(word) ?? 0) + 1);
}

/** Counts only; no visitor and no name is recorded. */
export function countVisit({ visits }: Counts, end: VisitEnd): void {
  visits.set(end, (visits.get(end) ?? 0) + 1);
}
