import { open } from 'node:fs/promises';
import { runCommand } from '../command.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';

/** A network namespace of its own: what runs in it sees no other network, and no other network sees it. */
export interface TrialNetwork {
  /** argv prefix: what runs with it is in the namespace. */
  readonly enter: readonly string[];
  close(): Promise<void>;
}

export interface NetworkOptions {
  /** More addresses of the loopback interface, such as "192.0.2.10/32": under them a machine in QEMU reaches what listens in the namespace. */
  readonly addresses?: readonly string[];
}

/** Why there can be no trial network here, for tests that are skipped; undefined when there can. */
export async function whyNoNetwork(): Promise<string | undefined> {
  try {
    await (await open('/dev/net/tun', 'r+')).close();
  } catch (error) {
    return `/dev/net/tun can't be opened (${(error as NodeJS.ErrnoException).code})`;
  }
  return runCommand([...namespaceCommand(), 'true']).then(
    () => undefined,
    () => 'network namespaces cannot be made',
  );
}

/** Makes the namespace; a child process holds it, and it is gone with that child, which ends with this process however it ends. */
export async function openNetwork({ signal }: Pick<Session, 'signal'>, { addresses = [] }: NetworkOptions = {}): Promise<TrialNetwork> {
  const reason = await whyNoNetwork();
  if (reason !== undefined)
    throw new Failure(`Cannot make a network for the trial: ${reason}`, { hint: 'Run it as root, or give yourself the right to it' });
  const stop = new AbortController();
  const started = Promise.withResolvers<number>();
  const holder = runCommand([...namespaceCommand(), 'sh', '-c', 'echo "$$" >&2; exec sleep infinity'], {
    signal: AbortSignal.any([signal, stop.signal]),
    onLine: (line) => started.resolve(Number(line)),
  });
  holder.catch(started.reject);
  const enter = enterCommand(await started.promise);
  const close = async () => {
    stop.abort();
    await holder.catch(() => undefined);
  };
  try {
    await runCommand([...enter, 'ip', 'link', 'set', 'lo', 'up'], { signal });
    for (const address of addresses) await runCommand([...enter, 'ip', 'address', 'add', address, 'dev', 'lo'], { signal });
  } catch (error) {
    await close();
    throw error;
  }
  return { enter, close };
}

function namespaceCommand(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, '--net'];
}

function enterCommand(pid: number): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  return ['nsenter', '--target', String(pid), ...user, '--net', '--'];
}
