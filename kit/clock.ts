import { Failure } from './failure.ts';

/** No clock that is right is before this: raised with each release (a test compares it with the newest commit). */
export const SEMEUR_DATE = '2026-11-26';

/** Something whose date another clock wrote. */
export interface Dated {
  /** What a sentence calls it: "the lock of the profile …". */
  readonly what: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** What to do where it is this one that is wrong, and nothing else here is of a later day. */
  readonly remedy?: string;
}

const DAY = 86_400_000;
/** Clocks of several machines differ, and so do days around the world. */
const TOLERANCE = DAY;
/** Whoever comes back after so long needs a newer Semeur anyway. */
const MOST_YEARS_AHEAD = 3;

/**
 * A token that is made by a wrong clock is dead when the card calls, or kills one that lives.
 * @param dated what there is besides Semeur itself.
 * @throws {Failure} where `now` is before the newest thing that can be dated, or years after all of them.
 */
export function checkClock(now: Date, dated: readonly Dated[] = []): void {
  const all: Dated[] = [{ what: 'this Semeur', date: Date.parse(SEMEUR_DATE) }, ...dated];
  const newest = newestOf(all);
  if (now.getTime() < newest.date - TOLERANCE) {
    const surest = newestOf(all.filter(({ remedy }) => remedy === undefined));
    const { what, date, remedy } = now.getTime() < surest.date - TOLERANCE ? surest : newest;
    throw new Failure(`Cannot trust this machine's clock: it says ${formatDay(now)}, and ${what} is of ${formatDay(date)}`, {
      hint: remedy === undefined ? SET : `${SET}; if it is right, ${remedy}`,
    });
  }
  if (now.getTime() > newest.date + MOST_YEARS_AHEAD * 365 * DAY) {
    const message = `it says ${formatDay(now)}, years after all that is dated here: ${newest.what} is of ${formatDay(newest.date)}`;
    throw new Failure(`Cannot trust this machine's clock: ${message}`, { hint: `${SET}; if it is right, take a newer Semeur: git pull` });
  }
}

function newestOf(all: readonly Dated[]): Dated {
  return all.reduce((best, one) => (one.date > best.date ? one : best));
}

const SET = 'Set the clock (as root: timedatectl set-ntp true), for tokens are made by it';

export function formatDay(date: Date | number): string {
  return new Date(date).toISOString().slice(0, 10);
}
