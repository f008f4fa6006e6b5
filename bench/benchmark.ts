import type { Session } from '../builder/session.ts';

/** One measurement: what Semeur does beside what its user would do without it, in one run. */
export interface Benchmark {
  readonly name: string;
  /** One sentence: what is measured, and against what. */
  readonly title: string;
  run(session: Session): Promise<Measurement>;
}

export interface Measurement {
  /** Heads of the table's columns, then rows. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The same for scripts: numbers in the units that their names say. */
  readonly json: unknown;
}

/** Seconds that `task` took. */
export async function timeSeconds(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return (performance.now() - start) / 1000;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
