import { chmod, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { checkTrialNeeds, hintForTun } from '../../builder/try/needs.ts';
import { whyNoNetwork } from '../../builder/try/network.ts';

const MAIN = [process.execPath, '--disable-warning=ExperimentalWarning', join(findCheckout(), 'cli', 'main.ts')];
const noNetwork = process.getuid?.() === 0 ? await whyNoNetwork() : 'only root can take things away';
const kernel = (await checkTrialNeeds()).some(({ found }) => found === "the kernel's own");
/** argv prefixes of a machine that lacks something. */
const NO_DEVICE = ['unshare', '--mount', 'sh', '-c', 'mount --no-mtab -t tmpfs none /dev/net && exec "$@"', 'sh'];
const NO_NETWORKS = ['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"', 'sh'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-needs-'));
  // For an ordinary user too.
  await chmod(folder, 0o755);
  await cp(join(findCheckout(), 'examples'), folder, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

/** @param before argv prefix. */
async function semeur(before: readonly string[], words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const [file = '', ...rest] = [...before, ...MAIN, ...words];
  const { exitCode, stdout, stderr } = await execa(file, rest, {
    cwd: folder,
    reject: false,
    env: { XDG_CACHE_HOME: join(folder, 'cache'), ...env },
  });
  return { exitCode, stdout, stderr };
}

const VERBS = [
  ['demo'],
  ['boot', 'none.img', '--until', 'claimed'],
  ['overlay', 'test', 'website'],
  ['release', 'maison', '--out', 'r', '--unsigned'],
];

describe.skipIf(noNetwork)(`a trial's needs${noNetwork ? `: ${noNetwork}` : ''}`, () => {
  it.skipIf(kernel).each(VERBS)('are looked at before anything is made: %s %s', async (...words) => {
    expect(await semeur(NO_DEVICE, words)).toEqual({
      ...{ exitCode: 1, stdout: '' },
      stderr: `semeur: Cannot try a card: /dev/net/tun can't be opened (ENOENT)\n  → ${hintForTun('ENOENT', true)}`,
    });
  });

  it.skipIf(kernel)('say to an ordinary user what root is to do', async ({ skip }) => {
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];
    const { exitCode: readable } = await execa('setpriv', [...asNobody.slice(1), 'unshare', '--user', '--net', 'cat', MAIN[2] ?? ''], {
      reject: false,
    });
    skip(readable !== 0, 'no user namespaces here, or a checkout that is for root alone');
    const forRootAlone = 'mount --no-mtab -t tmpfs none /dev/net && mknod --mode=600 /dev/net/tun c 10 200 && exec "$@"';
    const { exitCode, stderr } = await semeur(['unshare', '--mount', 'sh', '-c', forRootAlone, 'sh', ...asNobody], ['demo']);
    expect(stderr).toBe(`semeur: Cannot try a card: /dev/net/tun can't be opened (EACCES)\n  → ${hintForTun('EACCES', false)}`);
    expect(exitCode).toBe(1);
  });

  it('say what to do where no network can be made, as in a container', async () => {
    const { exitCode, stderr } = await semeur(NO_NETWORKS, ['demo']);
    expect(stderr).toMatch(/^semeur: Cannot try a card: network namespaces cannot be made\n {2}→ In a container: start it as privileged, .*$/);
    expect(exitCode).toBe(1);
  });

  it('name the packages of programs that are missing', async () => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    for (const program of ['sh', 'uname', 'cat', 'grep', 'sed', 'setpriv', 'unshare', 'mount', 'qemu-img', 'xz'])
      await symlink((await execa('which', [program])).stdout, join(bin, program));
    const { exitCode, stderr } = await semeur([], ['demo'], { PATH: bin });
    expect(stderr).toMatch(
      /^semeur: Cannot try a card: Debian packages are missing: (?=.*qemu-system-arm)(?!.*qemu-utils).*\n {2}→ As root: apt-get update && apt-get install /,
    );
    expect(exitCode).toBe(3);
  });
});

describe('hintForTun()', () => {
  it.each([
    ['EACCES', false, /^As root: chmod 666 \/dev\/net\/tun/],
    ['EPERM', true, /--device \/dev\/net\/tun"$/],
    ['ENOENT', false, /--device \/dev\/net\/tun"\. Elsewhere, as root: modprobe tun$/],
    ['ENODEV', true, /Elsewhere: modprobe tun$/],
  ])('of %s, for root: %s', (code, asRoot, hint) => expect(hintForTun(code, asRoot)).toMatch(hint));
});
