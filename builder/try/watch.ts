import type { Readable } from 'node:stream';
import { EXIT, Failure } from '../../kit/failure.ts';
import { followConsole } from './console.ts';
import { type Milestones, POWER_ON, readMilestone, type Waiting } from './milestones.ts';

/** What a machine says at once after a trouble tells more of it. */
const LAST_WORDS_MS = 1000;

/** Asked after each line of the console. */
export type Condition = (milestones: Milestones, line: string) => boolean;

export interface Watch {
  milestones(): Milestones;
  /**
   * Waits until `holds`.
   * @param what as in "Cannot boot to WHAT".
   * @param patience in seconds, where the machine is not to be waited for while it says in vain that it tries again: it is given half as long again as it
   * took to come so far, and so long at least: a busy computer emulates slowly.
   * @throws {Failure} with the last lines, when that takes longer than `seconds`, the machine ends, or it says that it will come no further.
   */
  waitFor(what: string, seconds: number, holds: Condition, patience?: number): Promise<Milestones>;
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
  const waitFor = (what: string, seconds: number, holds: Condition, patience = Number.POSITIVE_INFINITY) =>
    new Promise<Milestones>((resolve, reject) => {
      const settle = (act: () => void) => {
        checks.delete(check);
        for (const timer of [late, vain, spoken]) clearTimeout(timer);
        act();
      };
      const giveUp = (why: string, cause?: unknown) => settle(() => reject(explain(what, why, cause)));
      const check = (line: string) => {
        if (holds(milestones, line)) settle(() => resolve(milestones));
        else if (end && isInterruption(end.cause)) settle(() => reject(end?.cause));
        else if (end) giveUp(milestones.trouble ?? 'the machine ended before it', end.cause);
        else if (milestones.trouble !== null) spoken ??= setTimeout(giveUp, LAST_WORDS_MS, milestones.trouble);
        else if (milestones.waiting !== waiting) countAgain(milestones.waiting);
      };
      const countAgain = (now: Waiting | null) => {
        clearTimeout(vain);
        waiting = now;
        const time = now === null ? patience : Math.max(patience, now.since / 2);
        if (now !== null && Number.isFinite(time)) vain = setTimeout(() => giveUp(`it says in vain "${now.words}"`), time * 1000);
      };
      let waiting: Waiting | null = null;
      let vain: NodeJS.Timeout | undefined;
      let spoken: NodeJS.Timeout | undefined;
      const late = setTimeout(() => giveUp(`it is not there after ${seconds} s`), seconds * 1000);
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
