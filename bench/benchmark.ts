import type { Session } from '../kit/session.ts';

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

/** Two durations, and how many times the first one goes into the second. */
export function tabulateRatio([name, seconds]: readonly [string, number], [otherName, otherSeconds]: readonly [string, number]) {
  const ratio = otherSeconds / seconds;
  const rows = [
    [name, seconds.toFixed(0)],
    [otherName, otherSeconds.toFixed(0)],
    ['ratio', ratio.toFixed(1)],
  ];
  return { ratio, columns: ['', 'seconds'], rows };
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
