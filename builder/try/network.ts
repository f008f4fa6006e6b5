import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import type { Session } from '../../kit/session.ts';
import { checkTrialNeeds, namespaceCommand } from './needs.ts';

/** A network namespace of its own: what runs in it sees no other network, and no other network sees it. */
export interface TrialNetwork {
  /** argv prefix: what runs with it is in the namespace, in this process's working directory, and ends when this process does. */
  readonly enter: readonly string[];
  close(): Promise<void>;
}

export interface NetworkOptions {
  /** More addresses of the loopback interface, such as "192.0.2.10/32": under them a machine in QEMU reaches what listens in the namespace. */
  readonly addresses?: readonly string[];
}

const HOLDER = join(import.meta.dirname, 'network.sh');

/** Why there can be no trial network here, for tests that are skipped; undefined when there can. */
export async function whyNoNetwork(): Promise<string | undefined> {
  return (await checkTrialNeeds()).find(({ ok }) => !ok)?.found;
}

/** Makes the namespace; a child process holds it, and it is gone with that child, which ends with this process however it ends. */
export async function openNetwork({ signal }: Pick<Session, 'signal'>, { addresses = [] }: NetworkOptions = {}): Promise<TrialNetwork> {
  const stop = new AbortController();
  const started = Promise.withResolvers<string>();
  const holder = runCommand([...namespaceCommand(), 'sh', HOLDER, ...addresses], {
    doing: 'make a network for the trial',
    name: 'network.sh',
    signal: AbortSignal.any([signal, stop.signal]),
    onLine: (line) => {
      const pid = /^network: ready (\d+)$/.exec(line)?.[1];
      if (pid !== undefined) started.resolve(pid);
    },
  });
  holder.catch(started.reject);
  const enter = enterCommand(await started.promise);
  return {
    enter,
    async close() {
      stop.abort();
      await holder.catch(() => undefined);
    },
  };
}

function enterCommand(pid: string): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'];
  // nsenter becomes the program, without a process between, so that the kernel still tells it when we end: asked last, since a change of rights
  // may take that back. With a mount namespace the working directory is lost.
  return ['nsenter', '--target', pid, ...user, '--net', '--mount', '--', 'env', `--chdir=${process.cwd()}`, 'setpriv', '--pdeathsig', 'TERM'];
}
