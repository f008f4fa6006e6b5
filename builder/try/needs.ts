import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';

/** Something of the machine that trying a card rests on, besides programs. */
export interface TrialNeed {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
}

const TUN = '/dev/net/tun';
const MISSING_PACKAGES = join(import.meta.dirname, '../house/missing-packages.sh');
/** Where an ordinary user's PATH often lacks them. */
const FOLDERS = 'PATH=$PATH:/usr/sbin:/sbin';

/**
 * Before the work that a trial comes after: whether this machine can do it at all.
 * @throws {Failure} that says what is missing, and what to do about it as this user.
 */
export async function requireTrial({ signal }: Pick<Session, 'signal'>): Promise<void> {
  const [needs, packages] = await Promise.all([checkTrialNeeds(), findMissingPackages(signal)]);
  if (packages.length > 0) {
    throw new Failure(`Cannot try a card: Debian packages are missing: ${packages.join(' ')}`, {
      hint: `As root: ${String(await runCommand(['sh', MISSING_PACKAGES, '--line', ...packages], { signal })).trim()}`,
      exitCode: EXIT.missingProgram,
    });
  }
  const missing = needs.find(({ ok }) => !ok);
  if (missing) throw new Failure(`Cannot try a card: ${missing.found}`, missing.hint === undefined ? {} : { hint: missing.hint });
}

/** Tries what a trial does, one thing at a time, and changes nothing on the machine. */
export async function checkTrialNeeds(): Promise<TrialNeed[]> {
  const asRoot = process.getuid?.() === 0;
  const namespaces = await checkNamespaces(asRoot);
  // A kernel's own WireGuard can't be looked for without a network to make it in.
  return namespaces.ok ? [namespaces, await checkWireguard('WireGuard of a trial', asRoot)] : [namespaces];
}

/** argv that makes a network of its own, and mounts of its own. */
export function namespaceCommand(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...user, '--net', '--mount'];
}

async function checkNamespaces(asRoot: boolean): Promise<TrialNeed> {
  const name = "a network of a trial's own";
  if (await succeedsInside('ip link set dev lo up && mount --no-mtab -t tmpfs semeur /run')) return { name, ok: true, found: 'can be made' };
  const hint = asRoot
    ? 'In a container: start it as privileged, or with CAP_SYS_ADMIN and CAP_NET_ADMIN and no seccomp or AppArmor profile; or run Semeur as an ordinary user of the host'
    : 'Run "semeur doctor", which says what keeps ordinary users of this machine from namespaces; or run this as root';
  return { name, ok: false, found: 'network namespaces cannot be made', hint };
}

/** The kernel's own needs no device. @param name of what it is for. */
export async function checkWireguard(name: string, asRoot: boolean): Promise<TrialNeed> {
  const refusal = await refuseTun();
  if (await hasKernelWireguard()) return { name, ok: true, found: "the kernel's own" };
  if (refusal === undefined) return { name, ok: true, found: `wireguard-go, by ${TUN}` };
  return { name, ok: false, found: `${TUN} can't be opened (${refusal})`, hint: hintForTun(refusal, asRoot) };
}

async function refuseTun(): Promise<string | undefined> {
  try {
    await (await open(TUN, 'r+')).close();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** @param code why it couldn't be opened, as errno(3) has it. */
export function hintForTun(code: string, asRoot: boolean): string {
  const container = 'In a container: start it with "--device /dev/net/tun"';
  if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO') return `${container}. Elsewhere${asRoot ? '' : ', as root'}: modprobe tun`;
  if (asRoot) return container;
  return 'As root: chmod 666 /dev/net/tun   (what Debian gives it: who opens it can do no more than before)';
}

function hasKernelWireguard(): Promise<boolean> {
  return succeedsInside('ip link add dev semeur0 type wireguard');
}

/** wireguard-go is for kernels without. */
async function findMissingPackages(signal: AbortSignal): Promise<string[]> {
  const line = (await runCommand(['sh', MISSING_PACKAGES, 'try'], { signal })).toString('utf8').trim();
  const packages = line === '' ? [] : line.split(' ');
  return packages.includes('wireguard-go') && (await hasKernelWireguard()) ? packages.filter((name) => name !== 'wireguard-go') : packages;
}

function succeedsInside(script: string): Promise<boolean> {
  return runCommand([...namespaceCommand(), 'sh', '-c', `${FOLDERS}; ${script}`]).then(
    () => true,
    () => false,
  );
}
