import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { exitCodeOf } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import { runProgram } from './programs.ts';

export interface WireguardGo {
  stop(): Promise<void>;
}

const TUN = '/dev/net/tun';
const READY_MS = 10_000;

/**
 * WireGuard in a process of its own, for kernels without. The kernel ends it with us, however we end, and the interface goes with it.
 * @param why the kernel's own couldn't be used, for the message.
 */
export async function startWireguardGo(name: string, why: string): Promise<WireguardGo> {
  const remedy =
    'On Debian: "apt-get install wireguard-go", and run home as root or with CAP_NET_ADMIN; or load the kernel\'s own: "modprobe wireguard"';
  const refuse = (reason: string, cause?: unknown, hint = remedy) =>
    new Failure(`Cannot open the VPN: no WireGuard in the kernel (${why}), and ${reason}`, { hint, cause });
  await access(TUN, constants.R_OK | constants.W_OK).catch((error) => {
    throw refuse(`"${TUN}" cannot be opened`, error);
  });
  const stopping = new AbortController();
  // Without a word: what it says for each packet to a silent peer would be kept in memory for as long as it runs.
  const argv = ['setpriv', '--pdeathsig', 'TERM', 'env', 'WG_PROCESS_FOREGROUND=1', 'LOG_LEVEL=silent', 'wireguard-go', name];
  const child = runProgram(argv, { signal: stopping.signal });
  let ended: { readonly error?: unknown } | undefined;
  const end = child.then(
    () => {
      ended = {};
    },
    (error: unknown) => {
      ended = { error };
    },
  );
  const stop = async () => {
    stopping.abort();
    await end;
  };
  for (const deadline = Date.now() + READY_MS; !(await isReady(name)); await setTimeout(50)) {
    if (ended) throw refuse(`wireguard-go ended at once${tellExitCode(ended.error)}`, ended.error, `"wireguard-go -f ${name}" says why. ${remedy}`);
    if (Date.now() < deadline) continue;
    await stop();
    throw refuse('wireguard-go did not start in time');
  }
  return { stop };
}

function tellExitCode(error: unknown): string {
  const exitCode = exitCodeOf(error);
  return exitCode === undefined ? '' : ` (exit code ${exitCode})`;
}

async function isReady(name: string): Promise<boolean> {
  return runProgram(['wg', 'show', name, 'public-key']).then(
    () => true,
    () => false,
  );
}
