import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { hostMirrors, sourceLines } from '../../builder/debian/apt-sources.ts';
import { hashKey } from '../../builder/debian/package-set.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import { namespaceCommand } from '../../builder/sandbox/sandbox.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { runCommand } from '../../kit/command.ts';

export const SUITES = ['bookworm', 'trixie'] as const;
export type Suite = (typeof SUITES)[number];
export const USERS = { root: 0, sower: 1000 } as const;
export type User = keyof typeof USERS;

/** A machine as somebody has it who installs Debian, Git and npm, and nothing else. */
export interface StockRoot {
  /** Types a line in a shell there. @returns both streams as one, as a person reads them. */
  type(user: User, line: string): Promise<{ readonly exitCode: number | undefined; readonly all: string }>;
  /** The home of a user, as this machine sees it. */
  homeOf(user: User): string;
  close(): Promise<void>;
}

const HOMES = { root: '/root', sower: '/home/sower' } as const;
/** Whom this machine trusts, and through whom it reaches others: a proxy of its network, say, that no Debian knows. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const NETWORK = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** Why there can be none here; undefined when there can. */
export function whyNoStockRoot(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'only root may be two users of another root';
}

/** What a command that ended with 3 told its reader to type as root. */
export function lineForRoot(all: string): string {
  return /^ {2}→ as root: (.*)$/im.exec(all)?.[1] ?? 'echo "no line for root was told"; false';
}

/** What this Debian starts at its next start, but for a file system's own cleaning: "multi-user.target.wants/remote-fs.target". */
export async function listStarted(root: StockRoot): Promise<string[]> {
  const { all } = await root.type('root', 'cd /etc/systemd/system && find multi-user.* graphical.* sockets.* -type l 2>/dev/null | sort');
  return all.split('\n').filter((unit) => !unit.endsWith('/e2scrub_reap.service'));
}

/**
 * Makes a Debian of `suite` from the mirror that this machine uses.
 * @param cache Semeur's cache here: users find it as their own, and write above it, the next where the one before did. Without it, theirs is empty.
 */
export async function openStockRoot(suite: Suite, cache?: string): Promise<StockRoot> {
  const folder = await mkdtemp(join(tmpdir(), `semeur-${suite}-`));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    await makeRoot(suite, join(folder, 'root'));
    return { ...enterRoot(folder, cache), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeRoot(suite: Suite, path: string): Promise<void> {
  const tar = await ensureTar(suite);
  await mkdir(path);
  await runCommand(['tar', '--extract', '--file', tar, '--directory', path, '--numeric-owner', '--exclude', './dev/*']);
  await runCommand(['chroot', path, 'useradd', '--create-home', '--uid', String(USERS.sower), 'sower']);
  await writeFile(join(path, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
}

/** With systemd, which every installed Debian has. Kept in the cache for this month: npm is 400 packages of Debian's, a minute's work. */
async function ensureTar(suite: Suite): Promise<string> {
  const sources = sourceLines(suite, await hostMirrors(), 'main');
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--format=tar',
    '--include=git,npm,ca-certificates,systemd',
    '--quiet',
    '--keyring=/usr/share/keyrings',
  ];
  // Nobody's disk has to have it for good, and nobody reads its manuals.
  const light = ['--dpkgopt=force-unsafe-io', ...['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)];
  const month = new Date().toISOString().slice(0, 7);
  const tar = cacheFolder('stock', `${hashKey(suite, month, ...options, ...light, ...sources)}.tar`);
  if (existsSync(tar)) return tar;
  await mkdir(dirname(tar), { recursive: true });
  await runCommand(['mmdebstrap', ...options, ...light, suite, `${tar}.part`, ...sources], { env: { TMPDIR: tmpdir() } });
  await rename(`${tar}.part`, tar);
  return tar;
}

export function enterRoot(folder: string, cache: string | undefined): Omit<StockRoot, 'close'> {
  const path = join(folder, 'root');
  const settings = NETWORK.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`]));
  return {
    homeOf: (user) => join(path, HOMES[user]),
    async type(user, line) {
      const home = HOMES[user];
      const binds = [`${CERTIFICATES}:${CERTIFICATES}`, '/etc/resolv.conf:/etc/resolv.conf', `${join(homedir(), '.npmrc')}:${home}/.npmrc`];
      const lent = cache === undefined ? [] : [`CACHE=${cache}`, `ABOVE=${join(folder, 'above')}`, 'XDG_CACHE_HOME=/cache'];
      const own = [`HOME=${home}`, `USER=${user}`, 'LANG=C.UTF-8', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
      const clean = ['env', '--ignore-environment', ...own, ...lent, `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, ...settings];
      const enter = ['sh', join(import.meta.dirname, 'enter.sh'), path, String(USERS[user]), ...binds, '--', 'sh', '-euc', line];
      const [program = '', ...args] = [...namespaceCommand(), '--uts', '--ipc', ...clean, ...enter];
      const { exitCode, all } = await execa(program, args, { all: true, reject: false, stdin: 'ignore' });
      return { exitCode, all };
    },
  };
}

const AUTHOR = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];

/** Puts a clone of this checkout, with what isn't committed yet, into the home of a user. */
export async function cloneCheckout(root: StockRoot, user: User): Promise<void> {
  const checkout = findCheckout();
  const clone = join(root.homeOf(user), 'semeur');
  await runCommand(['git', 'clone', '--quiet', '--no-hardlinks', checkout, clone]);
  const changes = await runCommand(['git', '-C', checkout, 'diff', '--binary', 'HEAD']);
  await runCommand(['git', '-C', clone, 'apply', '--allow-empty'], { input: changes });
  const added = await runCommand(['git', '-C', checkout, 'ls-files', '--others', '--exclude-standard', '-z']);
  for (const path of String(added).split('\0').filter(Boolean)) await cp(join(checkout, path), join(clone, path));
  await runCommand(['git', '-C', clone, 'add', '--all']);
  await runCommand(['git', '-C', clone, ...AUTHOR, 'commit', '--quiet', '--all', '--allow-empty', '--message=as it is']);
  await runCommand(['chown', '--recursive', `${USERS[user]}:${USERS[user]}`, clone]);
}
