import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { runCommand } from '../../kit/command.ts';
import type { Architecture } from '../platform/architecture.ts';
import { ARCHITECTURES } from '../platform/platforms.ts';
import { hasAccelerator } from '../sandbox/accelerator.ts';
import { namespaceCommand } from '../sandbox/sandbox.ts';
import { checkTrialNeeds, checkWireguard, type TrialNeed } from '../try/needs.ts';

/** Something of the machine that building a profile, or serving, rests on, besides programs: told as what a trial needs is. */
export type MachineCheck = TrialNeed;

const BINFMT = '/proc/sys/fs/binfmt_misc';
/** What one container's user ids take: those of the packages' system users, and nobody. */
const IDS = 65_536;

/** Tries what a job does on this machine, one thing at a time, and changes nothing on it. */
export async function checkMachine(job: 'builder' | 'server'): Promise<MachineCheck[]> {
  const node: MachineCheck = { name: 'Node.js', ok: true, found: process.version };
  if (process.platform !== 'linux') {
    const hint = 'Build profiles, and run the server, on a Linux machine; seeds and images can be made here from a built profile';
    return [node, { name: 'Linux', ok: false, found: process.platform, hint }];
  }
  return [node, ...(job === 'server' ? await checkServer() : [...(await checkSandbox()), ...(await checkTrialNeeds())])];
}

async function checkSandbox(): Promise<MachineCheck[]> {
  const asRoot = process.getuid?.() === 0;
  const checks = [...(asRoot ? [] : [await checkIds('/etc/subuid'), await checkIds('/etc/subgid')]), await checkNamespaces(asRoot)];
  // Inside namespaces that can't be made, nothing else can be tried.
  if (checks.some(({ ok }) => !ok)) return checks;
  const foreign = ARCHITECTURES.filter((architecture) => hasAccelerator(architecture));
  return [...checks, await checkProc(), ...(await Promise.all(foreign.map(checkBinfmt)))];
}

async function checkServer(): Promise<MachineCheck[]> {
  if (process.getuid?.() !== 0) return [{ name: 'the VPN', ok: true, found: 'not tried: home runs as root, so ask as root' }];
  return [await checkWireguard('the VPN', true)];
}

async function checkIds(file: string): Promise<MachineCheck> {
  const { username, uid } = userInfo();
  const count = countIds(await readText(file), [username, String(uid)]);
  const option = file.replace('/etc/', '--add-').replace(/$/, 's');
  const hint = `As root: usermod ${option} 100000-165535 ${username} (or another free range of ${IDS})`;
  return { name: `ids of ${file}`, ok: count >= IDS, found: `${count} for ${username}`, ...(count >= IDS ? {} : { hint }) };
}

/** Subordinate ids that lines "who:first:count" give to any of `names`. */
export function countIds(text: string, names: readonly string[]): number {
  const rows = text.split('\n').map((line) => line.split(':'));
  return rows.filter(([who = '']) => names.includes(who)).reduce((sum, [, , count]) => sum + Number(count), 0);
}

async function checkNamespaces(asRoot: boolean): Promise<MachineCheck> {
  const name = asRoot ? 'namespaces' : 'user namespaces';
  if (await succeeds([...namespaceCommand(), 'true'])) return { name, ok: true, found: asRoot ? 'can be made (as root)' : 'can be made' };
  const switches = await readSwitches();
  return { name, ok: false, found: 'cannot be made', hint: renderNamespaceHint(asRoot, switches) };
}

interface Switches {
  readonly apparmor: string;
  readonly clone: string;
  readonly most: string;
}

async function readSwitches(): Promise<Switches> {
  const [apparmor = '', clone = '', most = ''] = await Promise.all(
    ['kernel/apparmor_restrict_unprivileged_userns', 'kernel/unprivileged_userns_clone', 'user/max_user_namespaces'].map((name) =>
      readText(`/proc/sys/${name}`),
    ),
  );
  return { apparmor: apparmor.trim(), clone: clone.trim(), most: most.trim() };
}

/** Which of the known switches keeps an ordinary user from making a user namespace, and how to turn it. */
export function renderNamespaceHint(asRoot: boolean, { apparmor, clone, most }: Switches): string {
  if (asRoot) return 'Give this container the right to make namespaces (CAP_SYS_ADMIN), or run Semeur as an ordinary user of the host';
  if (apparmor === '1') return 'Ubuntu keeps them from ordinary users. As root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0';
  if (clone === '0') return 'As root: sysctl -w kernel.unprivileged_userns_clone=1';
  if (most === '0') return 'As root: sysctl -w user.max_user_namespaces=10000';
  return 'Install uidmap, check the ids above, and in a container allow unshare and mount (seccomp and AppArmor profiles)';
}

async function checkProc(): Promise<MachineCheck> {
  const name = '/proc in a sandbox';
  if (await succeeds(inNamespace('mount -t proc proc /proc'))) return { name, ok: true, found: 'can be mounted' };
  return {
    name,
    ok: false,
    found: 'cannot be mounted',
    hint: 'In a container: start it with an unmasked /proc (systempaths=unconfined) or as privileged',
  };
}

/** The host's registration that survives a chroot (flag F), or a table that a namespace may fill. */
async function checkBinfmt({ binfmt, computer }: Architecture): Promise<MachineCheck> {
  const name = `${computer}'s programs (binfmt ${binfmt})`;
  if (/^flags:.*F/m.test(await readText(`${BINFMT}/${binfmt}`))) return { name, ok: true, found: 'registered' };
  const mountable = await succeeds(inNamespace(`[ -e ${BINFMT}/register ] || mount -t binfmt_misc binfmt_misc ${BINFMT}; [ -w ${BINFMT}/register ]`));
  if (mountable) return { name, ok: true, found: 'can be registered in a sandbox' };
  const hint = 'As root: apt-get install --yes qemu-user-static && systemctl restart systemd-binfmt';
  return { name, ok: false, found: 'neither registered nor mountable', hint };
}

function inNamespace(script: string): string[] {
  return [...namespaceCommand(), 'sh', '-euc', `mount --make-rprivate /; ${script}`];
}

function succeeds(argv: readonly string[]): Promise<boolean> {
  return runCommand(argv).then(
    () => true,
    () => false,
  );
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
