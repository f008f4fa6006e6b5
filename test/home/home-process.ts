import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findCheckout } from '../../builder/house/checkout.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import { PREFIX } from './sample-fleet.ts';

/** What an operator has where home runs: semeur.yaml, home's secrets, orders. */
export async function makeHomeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-home-'));
  await writeFile(
    join(folder, 'semeur.yaml'),
    `operator: Les Racines
email: aide@racines.example
language: fr
timezone: Europe/Paris
vpn:
  prefix: ${PREFIX}
  endpoints: ["127.0.0.1:51820"]
home:
  url: https://home.racines.example
  downloads: https://images.racines.example
`,
  );
  await ensureSecrets(folder);
  await mkdir(join(folder, 'out', 'orders'), { recursive: true });
  return folder;
}

export interface HomeProcess {
  readonly pid: number;
  /** "address:port" of each listener. */
  readonly public: string;
  readonly nursery: string;
  readonly tunnel: string;
  readonly page: string;
  /** '' if it offers none. */
  readonly downloads: string;
  /** All it wrote so far. */
  log(): string;
  /** Ends it, and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const READY = /^home: ready public=(\S+) nursery=(\S+) tunnel=(\S+) page=(\S+) metrics=\S+(?: downloads=(\S+))?/m;

/** `semeur home serve`, a process of its own, once it listens. Without a VPN unless `flags` say otherwise. */
export async function startHome(folder: string, flags: readonly string[] = ['--no-vpn']): Promise<HomeProcess> {
  const command = ['--disable-warning=ExperimentalWarning', join(findCheckout(), 'cli', 'main.ts'), 'home', 'serve', '--workspace', folder];
  // It ends with the tests, however they end.
  const argv = ['--pdeathsig', 'TERM', process.execPath, ...command, '--listen', '127.0.0.1:0', ...flags];
  const child = execa('setpriv', argv, { reject: false, stdin: 'ignore', stdout: 'pipe' });
  let log = '';
  const ready = new Promise<RegExpExecArray>((done, failed) => {
    const hear = (chunk: Buffer) => {
      log += chunk.toString('utf8');
      const found = READY.exec(log);
      if (found) done(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void child.then(() => failed(new Error(`home ended before it listened:\n${log}`)));
  });
  const [, open = '', nursery = '', tunnel = '', page = '', downloads = ''] = await ready;
  return {
    pid: child.pid ?? 0,
    public: open,
    nursery,
    tunnel,
    page,
    downloads,
    log: () => log,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await child;
    },
  };
}

/** Gives `task` a home folder, and takes it away with all that was started in it. */
export async function withHome<T>(task: (folder: string, start: (flags?: readonly string[]) => Promise<HomeProcess>) => Promise<T>): Promise<T> {
  const folder = await makeHomeFolder();
  const started: HomeProcess[] = [];
  try {
    return await task(folder, async (flags) => {
      const home = await startHome(folder, flags);
      started.push(home);
      return home;
    });
  } finally {
    await Promise.all(started.map((home) => home.stop('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command line, to its end. */
export function semeur(...args: string[]) {
  const main = join(findCheckout(), 'cli', 'main.ts');
  return execa(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { reject: false, stdin: 'ignore' });
}
