import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../kit/failure.ts';
import { reasonOfCode } from '../../kit/machine-trouble.ts';
import { makeContact, wasReached } from './first-contact.ts';
import { TryAgain } from './try-again.ts';

/** How long to go on with a server that fails; tests wait for nothing. */
export interface Patience {
  /** Failures in a row without a byte of progress after which it is given up. */
  readonly tries: number;
  /** A connection on which nothing comes for so long counts as cut. */
  readonly stallMs: number;
  /** A server that took no connection of this run for so long can't be reached: nobody waits longer for a network that isn't there. */
  readonly contactMs: number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export const PATIENCE: Patience = { tries: 6, stallMs: 60_000, contactMs: 4500, wait: (ms, signal) => sleep(ms, undefined, { signal }) };

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** What a server may ask for: a longer Retry-After is not waited out. */
const LONGEST_ASKED = 300_000;

/** One try: it says that it lives, so that it isn't taken for stalled, and that it got further than any before. */
export interface Attempt {
  /** Aborted by Ctrl-C and by a stall. */
  readonly signal: AbortSignal;
  /** Starts the stall clock anew. */
  awaitNetwork(): void;
  /** Stops the stall clock: what follows is this machine's own work. */
  awaitDisk(): void;
  progressed(): void;
}

export interface Undertaking {
  /** What messages call it: no secret is in it. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** `isNews` is for what nobody should miss, however much else is noted. */
  readonly note?: ((text: string, isNews?: boolean) => void) | undefined;
  readonly patience?: Partial<Patience> | undefined;
  /** Whether the server takes a connection now, though it did before. */
  readonly anew?: boolean;
}

/**
 * Tries until it is done, waiting longer each time, with jitter so that many machines don't come back together.
 * @throws {Failure} after `tries` failures in a row without progress; whatever else the attempt throws.
 */
export async function tryUntilDone<T>(undertaking: Undertaking, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
  const { url, signal, note } = undertaking;
  const patience = { ...PATIENCE, ...undertaking.patience };
  const start = performance.now();
  let isReached = !undertaking.anew && wasReached(url);
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    const clock = startClock(patience.stallMs);
    let moved = false;
    try {
      const progressed = () => {
        moved = true;
      };
      if (!isReached) await makeContact(url, Math.max(500, patience.contactMs - (performance.now() - start)), signal);
      isReached = true;
      return await attempt({ ...clock, signal: AbortSignal.any([signal, clock.signal]), progressed });
    } catch (error) {
      signal.throwIfAborted();
      const trouble = clock.signal.aborted ? new TryAgain(`nothing came for ${patience.stallMs / 1000} s`) : describeTrouble(error);
      if (!trouble) throw error;
      failures = moved ? 1 : failures + 1;
      if (failures >= patience.tries) throw giveUp(url, trouble, failures);
      const ms = Math.max(backOff(failures), Math.min(trouble.afterMs ?? 0, LONGEST_ASKED));
      // Two more tries, and then it is told in time.
      if (!isReached && performance.now() - start + ms > patience.contactMs / 1.5) throw noContact(url, trouble);
      note?.(`${trouble.message}; trying again in ${Math.ceil(ms / 1000)} s`, true);
      await patience.wait(ms, signal);
    } finally {
      clock.awaitDisk();
    }
  }
}

function startClock(stallMs: number) {
  const stalled = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const awaitDisk = () => clearTimeout(timer);
  const awaitNetwork = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(), stallMs);
  };
  awaitNetwork();
  return { signal: stalled.signal, awaitNetwork, awaitDisk };
}

/** Half of it is certain, half of it chance. */
function backOff(failures: number): number {
  const most = Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT);
  return most * (0.5 + Math.random() / 2);
}

function giveUp(url: string, trouble: TryAgain, failures: number): Failure {
  return new Failure(`Cannot download "${url}": ${trouble.message}, ${failures} times in a row without progress`, {
    hint: 'What came is kept: look at the network, or at https_proxy, then run the same command to go on',
    cause: trouble,
  });
}

function noContact(url: string, trouble: TryAgain): Failure {
  return new Failure(`Cannot reach "${url}": ${trouble.message}`, {
    hint: 'Look at the network, at the address, or at http_proxy and https_proxy, then run the same command again',
    cause: trouble,
  });
}

/** What went wrong on the network; undefined for all else. No message of the system: it may hold the password of a proxy. */
function describeTrouble(error: unknown): TryAgain | undefined {
  if (error instanceof TryAgain) return error;
  const code = String((error as { code?: unknown } | undefined)?.code ?? '');
  if (!/^(?:ECONN|EAI_|ENOTFOUND|EHOST|ENET|EPIPE|EPROTO|ETIMEDOUT|ERR_STREAM_PREMATURE|ERR_PROXY|HPE_)/.test(code)) return undefined;
  return new TryAgain(reasonOfCode(code) ?? `the connection failed (${code})`);
}
