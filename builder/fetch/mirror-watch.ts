import type { CommandOptions } from '../../kit/command.ts';
import type { Session } from '../../kit/session.ts';
import { tryUntilDone } from './patience.ts';

/** What apt says of a mirror that it can't reach, and tries again for most of a minute. */
const UNREACHED =
  /temporary failure|could not resolve|network is unreachable|no route to host|unable to connect|could not connect|connection failed|connection timed out/i;

/** Tells within seconds that a mirror can't be reached. @param sources lines of sources.list(5), the first of which names it. */
export async function checkMirror({ signal }: Pick<Session, 'signal'>, sources: readonly string[], note?: (text: string) => void): Promise<void> {
  const url = sources.flatMap((line) => /https?:\/\/\S+/.exec(line) ?? [])[0];
  if (url !== undefined) await tryUntilDone({ url, signal, note, anew: true }, async () => undefined);
}

/**
 * Runs what lets apt fetch. When apt says that it can't reach a mirror, and that is so, it is ended at once.
 * @throws {Failure} that says so, else what `run` throws.
 */
export async function watchMirror<T>(options: CommandOptions, run: (options: CommandOptions) => Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const signal = options.signal ?? new AbortController().signal;
  let url = '';
  let looking: Promise<void> | undefined;
  const onLine = (line: string) => {
    options.onLine?.(line);
    url = /https?:\/\/\S+/.exec(line)?.[0] ?? url;
    if (url === '' || looking || !UNREACHED.test(line)) return;
    looking = checkMirror({ signal }, [url])
      .catch((failure: unknown) => giveUp.abort(failure))
      .finally(() => {
        looking = undefined;
      });
  };
  try {
    return await run({ ...options, onLine, signal: AbortSignal.any([signal, giveUp.signal]) });
  } catch (error) {
    throw giveUp.signal.aborted && !signal.aborted ? giveUp.signal.reason : error;
  }
}
