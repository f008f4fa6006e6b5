import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureSecrets } from '../builder/workspace/secrets.ts';
import { runCommand } from '../kit/command.ts';
import type { Session } from '../kit/session.ts';

const CHECKOUT = join(import.meta.dirname, '..');

export interface HomeProcess {
  readonly pid: number;
  /** "address:port" by listener, as home says when it is ready. */
  readonly places: Readonly<Record<string, string>>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Home as operators run it, without its VPN, in a workspace of its own. @param flags more, for `home serve`. */
export async function startHome(session: Session, folder: string, state: string, flags: readonly string[] = []): Promise<HomeProcess> {
  await writeFile(join(folder, 'semeur.yaml'), OPERATOR);
  await ensureSecrets(folder);
  const serve = ['home', 'serve', '--workspace', folder, '--state', state, '--no-vpn', '--listen', '127.0.0.1:0', ...flags];
  // The shell tells its process id and becomes home: what was acknowledged has to outlive a kill.
  const argv = ['sh', '-c', 'echo "pid $$" >&2; exec "$@"', 'sh', join(CHECKOUT, 'semeur'), ...serve];
  let pid = 0;
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  const onLine = (line: string) => {
    pid ||= Number(/^pid (\d+)$/.exec(line)?.[1] ?? 0);
    if (line.startsWith('home: ready ')) resolve(line);
  };
  // The flags are those of its systemd unit.
  const ended = runCommand(argv, { signal: session.signal, onLine, env: { MALLOC_ARENA_MAX: '1' } }).then(
    () => reject(new Error('home ended before it listened')),
    (error: unknown) => reject(error),
  );
  const places = Object.fromEntries([...(await ready).matchAll(/(\w+)=(\S+)/g)].map(([, name = '', place = '']) => [name, place]));
  return {
    pid,
    places,
    async kill() {
      process.kill(pid, 'SIGKILL');
      await ended;
    },
  };
}

const OPERATOR = `operator: Bench
email: help@bench.example
language: en
timezone: Europe/Paris
vpn:
  prefix: fd5e:3e0f:1a2b::/48
  endpoints: ["127.0.0.1:51820"]
home:
  url: https://home.bench.example
  downloads: https://images.bench.example
`;
