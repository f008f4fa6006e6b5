import type { Readable } from 'node:stream';
import { EXIT, Failure } from '../failure.ts';
import { followConsole } from './console.ts';
import { type Milestones, POWER_ON, readMilestone } from './milestones.ts';

/** Asked after each line of the console. */
export type Condition = (milestones: Milestones, line: string) => boolean;

export interface Watch {
  milestones(): Milestones;
  /**
   * Waits until `holds`.
   * @param what as in "Cannot boot to WHAT".
   * @throws {Failure} with the last lines, when that takes longer than `seconds`, the machine ends, or it says that it will come no further.
   */
  waitFor(what: string, seconds: number, holds: Condition): Promise<Milestones>;
  /** The machine has ended: nobody waits any more. */
  finish(cause?: unknown): Promise<void>;
}

/** Follows a machine's console, from power-on. */
export function watchConsole(console: Readable, log: string, onMilestone: (milestones: Milestones) => void = () => undefined): Watch {
  let milestones = POWER_ON;
  let end: { readonly cause: unknown } | undefined;
  const checks = new Set<(line: string) => void>();
  const written = followConsole(console, log, (line, seconds, whole) => {
    const next = readMilestone(milestones, line, seconds, whole);
    if (next !== milestones) onMilestone(next);
    milestones = next;
    for (const check of checks) check(line);
  });
  const explain = (what: string, why: string, cause?: unknown) => {
    const lines = written.lastLines().map((line) => `\n  ${line}`);
    return new Failure(`Cannot boot to ${what}: ${why}${lines.join('')}`, { hint: `All that the machine said is in "${log}"`, cause });
  };
  const waitFor = (what: string, seconds: number, holds: Condition) =>
    new Promise<Milestones>((resolve, reject) => {
      const settle = (act: () => void) => {
        checks.delete(check);
        clearTimeout(timer);
        act();
      };
      const check = (line: string) => {
        if (holds(milestones, line)) settle(() => resolve(milestones));
        else if (end && isInterruption(end.cause)) settle(() => reject(end?.cause));
        else if (milestones.trouble !== null) settle(() => reject(explain(what, milestones.trouble ?? '')));
        else if (end) settle(() => reject(explain(what, 'the machine ended before it', end?.cause)));
      };
      const timer = setTimeout(() => settle(() => reject(explain(what, `it is not there after ${seconds} s`))), seconds * 1000);
      checks.add(check);
      check('');
    });
  return {
    milestones: () => milestones,
    waitFor,
    finish: async (cause) => {
      await written.close();
      end = { cause };
      for (const check of checks) check('');
    },
  };
}

function isInterruption(cause: unknown): boolean {
  return cause instanceof Failure && cause.exitCode === EXIT.interrupted;
}
