import { mkdir } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { runCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import { requireTrial } from './needs.ts';
import { openNetwork } from './network.ts';

const READY_SECONDS = 60;

/** A network of its own with the operator's home in it, for cards that boot there. */
export interface Trial {
  /** argv prefix: what runs with it is in that network. */
  readonly enter: readonly string[];
  /** Home's state. */
  readonly state: string;
}

/**
 * Runs `task` beside a real home server and VPN hub, which answer at the literal addresses that the workspace's cards are told. Both end with it.
 * @param folder for home's state; kept, so that a second trial finds the same fleet.
 */
export async function withTrial<T>(session: Session, workspace: LoadedWorkspace, folder: string, task: (trial: Trial) => Promise<T>): Promise<T> {
  const addresses = findLiterals(workspace);
  if (addresses.length === 0) {
    throw new Failure('Cannot try enrolment: "vpn.endpoints" of semeur.yaml has no literal IPv4 address', {
      hint: 'Add one, such as "192.0.2.10:51820": cards need it anyway where a resolver lies',
    });
  }
  await requireTrial(session);
  const network = await openNetwork(session, { addresses: addresses.map((address) => `${address}/32`) });
  try {
    return await withHome(session, workspace.folder, folder, network.enter, () => task({ enter: network.enter, state: folder }));
  } finally {
    await network.close();
  }
}

function findLiterals({ operator }: LoadedWorkspace): string[] {
  const hosts = [...operator.vpn.endpoints.map((endpoint) => endpoint.replace(/:\d+$/, '')), new URL(operator.home.url).hostname];
  return [...new Set(hosts.filter((host) => isIPv4(host)))];
}

async function withHome<T>(session: Session, workspace: string, state: string, enter: readonly string[], task: () => Promise<T>): Promise<T> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const serve = ['home', 'serve', '--workspace', workspace, '--state', state];
  const home = runCommand([...enter, ...session.program, ...serve], {
    doing: 'run home for the trial',
    name: 'semeur home serve',
    signal: AbortSignal.any([session.signal, stop.signal]),
    onLine: (line) => line.startsWith('home: ready') && ready.resolve(),
  });
  home.catch(ready.reject);
  const late = setTimeout(() => ready.reject(new Failure(`Cannot try enrolment: home was not ready after ${READY_SECONDS} s`)), READY_SECONDS * 1000);
  try {
    await session.progress.step('Starting a home for the card', () => ready.promise);
    return await task();
  } finally {
    clearTimeout(late);
    stop.abort();
    await home.catch(() => undefined);
  }
}
