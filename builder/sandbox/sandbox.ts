import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { type CommandOptions, runCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import { isRunning } from '../../kit/is-running.ts';
import { watchMirror } from '../fetch/mirror-watch.ts';

const SCRIPTS = import.meta.dirname;

/** A folder for work under way, in the cache so that hard links into the pool work. Removed by `withWorkFolder`, whatever happens. */
export interface WorkFolder {
  readonly path: string;
  /** The same folder as programs in the toolbox see it. */
  readonly inside: string;
}

export interface SandboxOptions extends Pick<CommandOptions, 'signal' | 'onLine' | 'doing'> {
  /** Seconds since 1970; programs that honour SOURCE_DATE_EPOCH write no later time. */
  readonly sourceDateEpoch?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `task` with an empty work folder, and removes the folder afterwards: inside a namespace, since its files may belong to mapped users. */
export async function withWorkFolder<T>(task: (work: WorkFolder) => Promise<T>): Promise<T> {
  await removeAbandonedFolders();
  const name = `${process.pid}-${randomBytes(6).toString('hex')}`;
  const path = cacheFolder('tmp', name);
  await mkdir(path, { recursive: true });
  try {
    return await task({ path, inside: `/cache/tmp/${name}` });
  } finally {
    await removeTree(path);
  }
}

/** Runs builder/sandbox/`script` in the toolbox, as root of the namespace, in the work folder. The cache is /cache there. */
export async function runInToolbox(
  toolbox: string,
  work: WorkFolder,
  script: string,
  args: readonly string[],
  options: SandboxOptions = {},
): Promise<Buffer> {
  const enter = ['sh', join(SCRIPTS, 'enter.sh'), cacheFolder(), work.path, toolbox, script, ...args];
  return watchMirror(describeRun(script, options), (run) => runCommand([...namespaceCommand(), ...enter], run));
}

/** Runs builder/sandbox/`script` in the namespaces with the host's own programs: only the toolbox itself is made so. */
export async function runOnHost(script: string, args: readonly string[], options: SandboxOptions = {}): Promise<Buffer> {
  return watchMirror(describeRun(script, options), (run) => runCommand([...namespaceCommand(), 'sh', join(SCRIPTS, script), ...args], run));
}

function describeRun(name: string, { sourceDateEpoch, env, ...options }: SandboxOptions): CommandOptions {
  const time = sourceDateEpoch === undefined ? {} : { SOURCE_DATE_EPOCH: String(sourceDateEpoch) };
  // unshare blocks SIGTERM for as long as its child runs; the kernel ends all that is in the namespace with it.
  return {
    ...options,
    name,
    folder: cacheFolder(),
    killSignal: 'SIGKILL',
    env: { LC_ALL: 'C', TZ: 'UTC', TMPDIR: cacheFolder('tmp'), ...time, ...env },
  };
}

/** argv that makes the namespaces: with all of the user's subordinate ids when not root (root often has none, and needs none). */
export function namespaceCommand(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user', '--map-auto'];
  // However this process ends, so do they, and with the first process of a namespace all others in it.
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, '--mount', '--pid', '--fork', '--kill-child'];
}

/** The last processes of a sandbox that was interrupted may still be ending, and writing: a second and third try meet nobody. */
async function removeTree(path: string, tries = 5): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true }).catch(() =>
      runCommand([...namespaceCommand(), 'rm', '--recursive', '--force', '--one-file-system', path]),
    );
  } catch (error) {
    if (tries <= 1) throw error;
    await setTimeout(500);
    await removeTree(path, tries - 1);
  }
}

/** A run that was killed with SIGKILL could not tidy up: the next one does. */
async function removeAbandonedFolders(): Promise<void> {
  const names = await readdir(cacheFolder('tmp')).catch(() => []);
  for (const name of names) {
    const pid = Number(name.split('-')[0]);
    // What can't be removed now may be later: it is no reason not to work.
    if (Number.isInteger(pid) && pid > 0 && !isRunning(pid)) await removeTree(cacheFolder('tmp', name)).catch(() => undefined);
  }
}

/** Only Linux has the namespaces; making seeds and composing images needs none of this. */
export function checkPlatform(): void {
  if (process.platform === 'linux') return;
  throw new Failure(`Cannot build a profile on ${process.platform}: it needs Linux`, {
    hint: 'Build it on a Linux machine; seeds and images can be made here from a built profile',
    exitCode: 3,
  });
}

/** The text of the sandbox's scripts named: what they do is part of every key. */
export async function scriptTexts(...names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map((name) => readFile(join(SCRIPTS, name), 'utf8')));
}
