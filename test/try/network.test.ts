import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { openNetwork, type TrialNetwork, whyNoNetwork } from '../../builder/try/network.ts';

const noNetwork = await whyNoNetwork();
const MODULE = join(findCheckout(), 'builder', 'try', 'network.ts');
const opened: TrialNetwork[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((network) => network.close()));
});

async function open(addresses: string[] = [], signal = new AbortController().signal): Promise<TrialNetwork> {
  const network = await openNetwork({ signal }, { addresses });
  opened.push(network);
  return network;
}

async function run({ enter }: TrialNetwork, ...argv: string[]): Promise<string> {
  return (await execa(enter[0] ?? '', [...enter.slice(1), ...argv])).stdout;
}

/** Whether a process has ended, or does within 5 s. */
async function ends(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) Z/.test(state)) return true;
    await wait(100);
  }
  return false;
}

/** Opens a network from a process of its own, which says the namespaces' and a program's process ids, then stays. */
const OPENER = `import { spawn } from 'node:child_process';
const { openNetwork, whyNoNetwork } = await import(process.argv[1]);
const why = await whyNoNetwork();
if (why) { console.log(why); process.exit(1); }
const { enter } = await openNetwork({ signal: new AbortController().signal }, { addresses: ['192.0.2.10/32'] });
const inside = spawn(enter[0], [...enter.slice(1), 'sh', '-c', 'ip -oneline address show dev lo | grep -c 192.0.2.10; test -w /run/wireguard && wg show interfaces && nft add table inet semeur && echo usable; exec sleep 60']);
let said = '';
inside.stdout.on('data', (chunk) => { said += chunk; if (said.includes('usable')) console.log(JSON.stringify({ said, pids: [Number(enter[2]), inside.pid] })); });
inside.stderr.pipe(process.stderr);
setInterval(() => {}, 1000);`;
const OPENER_ARGV = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', OPENER, MODULE];

/** Reads what it says, kills it, and looks whether all is gone with it. */
async function checkOpener(argv: readonly string[]): Promise<void> {
  const opener = execa(argv[0] ?? '', argv.slice(1), { reject: false });
  await Promise.race([once(opener.stdout, 'data'), opener]);
  opener.kill('SIGKILL');
  const { stdout: line, stderr } = await opener;
  expect(line, stderr).toMatch(/^\{/);
  const { said, pids } = JSON.parse(line) as { said: string; pids: number[] };
  expect(said).toMatch(/^1\n\n?usable\n$/);
  expect(await Promise.all(pids.map(ends))).toEqual([true, true]);
}

describe.skipIf(noNetwork)(`openNetwork()${noNetwork ? `: ${noNetwork}` : ''}`, () => {
  it('gives a network with nothing but loopback, and the addresses that were asked for', async () => {
    const network = await open(['192.0.2.10/32', '2001:db8::10/128']);
    const addresses = await run(network, 'ip', '-oneline', 'address');
    expect([...addresses.matchAll(/^\d+: (\S+) +inet6? (\S+)/gm)].map(([, name, address]) => `${name} ${address}`).sort()).toEqual([
      'lo 127.0.0.1/8',
      'lo 192.0.2.10/32',
      'lo 2001:db8::10/128',
      'lo ::1/128',
    ]);
    expect(await run(network, 'readlink', '/proc/self/ns/net')).not.toBe((await execa('readlink', ['/proc/self/ns/net'])).stdout);
  });

  it('keeps the working directory and the files, /run too, but for the sockets of WireGuard', async () => {
    const network = await open();
    expect(await run(network, 'pwd')).toBe(process.cwd());
    expect(await run(network, 'ls', '-A', '/run/wireguard')).toBe('');
    expect((await run(network, 'ls', '/run')).split('\n')).toContain('lock');
  });

  it('is gone when it is closed, or its session interrupted', async () => {
    const stop = new AbortController();
    const [closed, interrupted] = [await open(), await open([], stop.signal)];
    await closed.close();
    stop.abort();
    expect(await ends(Number(closed.enter[2]))).toBe(true);
    expect(await ends(Number(interrupted.enter[2]))).toBe(true);
  });

  it('ends with its opener, killed, and so does what was started in it', async () => {
    await checkOpener(OPENER_ARGV);
  });

  it('works for an ordinary user who may open /dev/net/tun', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can become another user');
    // Debian lets everybody do it; what this machine allows is not changed.
    const device = 'mount --no-mtab -t tmpfs none /dev/net && mknod /dev/net/tun c 10 200 && chmod 666 /dev/net/tun';
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];
    const { exitCode } = await execa('unshare', ['--mount', 'sh', '-c', `${device} && "$@"`, 'sh', ...nobody, 'unshare', '--user', 'cat', MODULE], {
      reject: false,
    });
    skip(exitCode !== 0, 'no device, no user namespaces here, or a checkout that is for root alone');
    // exec: what is killed is the opener itself.
    await checkOpener(['unshare', '--mount', 'sh', '-c', `${device} && exec "$@"`, 'sh', ...nobody, ...OPENER_ARGV]);
  });
});

describe('whyNoNetwork()', () => {
  it('says what is missing', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can hide the device');
    const ask = `console.log(await (await import(process.argv[1])).whyNoNetwork())`;
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', ask, MODULE];
    const { stdout } = await execa('unshare', ['--mount', 'sh', '-c', 'mount --no-mtab -t tmpfs none /dev/net && exec "$@"', 'sh', ...argv]);
    expect(stdout).toBe("/dev/net/tun can't be opened (ENOENT)");
  });
});
