import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { hubNurseryAddress, nurseryAddress } from '../../protocol/addresses.ts';
import { FILES } from '../seed/seed-key.ts';
import { until } from '../until.ts';
import type { StandInSettings } from './stand-in-home.ts';

const PREFIX = 'fd5e:3e0f:1a2b::/48';
export const HUB = 'fd5e:3e0f:1a2b::1';
const HUB_LAN = '198.51.100.1';
const CARD_LAN = '198.51.100.2';
/** An operator's, who comes through the hub. */
export const OPERATOR = 'fd5e:3e0f:1a2b:2::5';
export const CARD_ADDRESS = 'fd5e:3e0f:1a2b:1::7';

/** What a card and a hub need to meet: two networks joined by one cable, wireguard-go on the hub, the stand-in home behind it. */
export interface Hub {
  /** The words before a command that is to run in the card's network. */
  readonly within: readonly string[];
  /** The enrolment's files of a seed. */
  seedFiles(): Promise<Map<string, Buffer>>;
  requests(): Promise<{ url: string; from: string; status: number; body: string; signature?: string }[]>;
  /** Runs a command in the hub's network. */
  run(...argv: string[]): Promise<string>;
  /** Lets WireGuard's packets through, or not. */
  letUdp(through: boolean): Promise<void>;
  /** A new seed for the same client: another key and token, the same home. */
  reissue(): Promise<void>;
  listenOnCard(port: string): Promise<void>;
  /** @returns those of the ports to which a connection from an address of the hub's network opens. */
  reaches(from: string, to: string, ports: readonly string[]): Promise<string[]>;
  /** Opens such a connection. @returns what tells whether the other side ended it within 5 s. */
  hold(from: string, to: string, port: string): Promise<{ readonly cut: Promise<boolean> }>;
  close(): Promise<void>;
}

/** @returns why there can be no hub here, if so. */
export async function findNoHub(): Promise<string | undefined> {
  const { exitCode } = await execa('unshare', ['--net', '--mount', 'sh', '-c', 'test -w /dev/net/tun && command -v wireguard-go nft openssl'], {
    reject: false,
  });
  return exitCode === 0 ? undefined : 'no network of its own, /dev/net/tun, wireguard-go, nft or openssl';
}

export async function makeHub(): Promise<Hub> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-hub-'));
  const [hubSide, cardSide] = await Promise.all([openNetwork(), openNetwork()]);
  const exec = async (argv: readonly string[], input?: string) =>
    (await execa(argv[0] ?? '', argv.slice(1), input === undefined ? {} : { input })).stdout;
  const run = (...argv: string[]) => exec([...hubSide.within, ...argv]);
  await exec(['ip', 'link', 'add', 'card0', 'netns', `${cardSide.pid}`, 'type', 'veth', 'peer', 'name', 'hub0', 'netns', `${hubSide.pid}`]);
  for (const [side, name, address] of [
    [hubSide.within, 'hub0', HUB_LAN],
    [cardSide.within, 'card0', CARD_LAN],
  ] as const) {
    for (const command of ['link set lo up', `address add ${address}/24 dev ${name}`, `link set ${name} up`])
      await exec([...side, 'ip', ...command.split(' ')]);
  }
  const key = async (file: string) => {
    const secret = await exec(['wg', 'genkey']);
    await writeFile(join(folder, file), `${secret}\n`, { mode: 0o600 });
    return { secret, public: await exec(['wg', 'pubkey'], secret) };
  };
  const hubKey = await key('hub.key');
  await run('sh', '-c', 'wireguard-go wg0 >/dev/null 2>&1');
  await run('wg', 'set', 'wg0', 'private-key', join(folder, 'hub.key'), 'listen-port', '51820');
  for (const address of [HUB, OPERATOR, hubNurseryAddress(PREFIX)]) await run('ip', 'address', 'add', `${address}/128`, 'dev', 'wg0');
  await run('ip', 'link', 'set', 'wg0', 'up');
  await run('ip', 'route', 'add', PREFIX, 'dev', 'wg0');
  await exec(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'ca')]);
  await exec([
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    '-subj',
    '/CN=home',
    '-keyout',
    join(folder, 'tls.key'),
    '-out',
    join(folder, 'tls.crt'),
    '-days',
    '30',
  ]);
  const spki = await execa('openssl', ['pkey', '-in', join(folder, 'tls.key'), '-pubout', '-outform', 'DER'], { encoding: 'buffer' });
  const pin = createHash('sha256').update(spki.stdout).digest('base64');

  let issued = 0;
  let boot = hubKey;
  let token = '';
  let home: ReturnType<typeof serve> | undefined;
  const reissue = async () => {
    issued += 1;
    boot = await key('boot.key');
    token = `token-${issued}`;
    const psk = join(folder, `psk-${issued}`);
    await writeFile(psk, `${await exec(['wg', 'genpsk'])}\n`, { mode: 0o600 });
    await run('wg', 'set', 'wg0', 'peer', boot.public, 'preshared-key', psk, 'allowed-ips', nurseryAddress(PREFIX, boot.public));
    const settings: StandInSettings = {
      ...{ interface: 'wg0', nursery: hubNurseryAddress(PREFIX), hub: HUB, address: `${CARD_ADDRESS.replace(/7$/, `${6 + issued}`)}/128` },
      ...{ operators: 'fd5e:3e0f:1a2b:2::/64', token, bootstrapKey: boot.public, presharedKeyFile: psk, hubKey: hubKey.public },
      ...{ ca: join(folder, 'ca'), folder, port: 8443 },
    };
    const file = join(folder, 'settings.json');
    await writeFile(file, JSON.stringify(settings));
    if (home) return;
    const argv = [...hubSide.within, process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'stand-in-home.ts'), file];
    home = serve(argv);
    await until(() => existsSync(join(folder, 'requests')));
  };
  await reissue();

  return {
    within: cardSide.within,
    run,
    reissue,
    async seedFiles() {
      const psk = (await readFile(join(folder, `psk-${issued}`), 'utf8')).trim();
      const vpn = `[Interface]\nPrivateKey = ${boot.secret}\nAddress = ${nurseryAddress(PREFIX, boot.public)}\nMTU = 1280\n\n[Peer]\nPublicKey = ${hubKey.public}
PresharedKey = ${psk}\nAllowedIPs = ${hubNurseryAddress(PREFIX)}/128\nPersistentKeepalive = 25\n# Endpoint = [2001:db8::1]:51820\n# Endpoint = ${HUB_LAN}:51820\n`;
      const ca = (await readFile(join(folder, 'ca.pub'), 'utf8')).trim();
      const conf = `client durand\nurl https://${HUB_LAN}:8443\ntunnel-url http://[${hubNurseryAddress(PREFIX)}]:8080\ntoken-expires 2099-01-01T00:00:00Z\nuser-ca ${ca}\npin sha256//${pin}\n`;
      return new Map([
        ...FILES,
        ['enrol/vpn.conf', Buffer.from(vpn)],
        ['enrol/home.conf', Buffer.from(conf)],
        ['enrol/token', Buffer.from(`${token}\n`)],
      ]);
    },
    async requests() {
      const text = await readFile(join(folder, 'requests'), 'utf8');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    },
    async letUdp(through) {
      const rules = through
        ? 'delete table inet test'
        : 'table inet test { chain input { type filter hook input priority 0; udp dport 51820 drop; }; }';
      await run('nft', rules);
    },
    async listenOnCard(port) {
      const server = `require('net').createServer((s) => s.on('error', () => {})).listen(${port}, () => console.log('here'))`;
      const child = serve([...cardSide.within, process.execPath, '-e', server]);
      await once(child.stdout, 'data');
    },
    async reaches(from, to, ports) {
      const client = (port: string) => `const s = require('net').connect({ host: '${to}', port: ${port}, localAddress: '${from}', timeout: 1500 });
s.on('connect', () => process.exit(0)).on('error', () => process.exit(1)).on('timeout', () => process.exit(1))`;
      const open = (port: string) =>
        run(process.execPath, '-e', client(port)).then(
          () => [port],
          () => [],
        );
      return (await Promise.all(ports.map(open))).flat();
    },
    async hold(from, to, port) {
      const client = `const s = require('net').connect({ host: '${to}', port: ${port}, localAddress: '${from}' });
s.on('connect', () => console.log('here')).on('error', () => {}).on('close', () => process.exit(0));
setTimeout(() => process.exit(1), 5000)`;
      const child = serve([...hubSide.within, process.execPath, '-e', client]);
      await once(child.stdout, 'data');
      return { cut: child.then(({ exitCode }) => exitCode === 0) };
    },
    async close() {
      await Promise.all([hubSide.close(), cardSide.close()]);
      await home;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serve(argv: readonly string[]) {
  return execa(argv[0] ?? '', argv.slice(1), { reject: false });
}

interface Network {
  /** The words before a command that is to run there. */
  readonly within: readonly string[];
  /** To name it to ip-link(8). */
  readonly pid: string;
  close(): Promise<void>;
}

/** A network and a place for WireGuard's sockets. It has processes of its own, so that what runs in the background there ends with it. */
async function openNetwork(): Promise<Network> {
  const script = 'mkdir -p /run/wireguard && mount -t tmpfs none /run/wireguard && echo here && exec sleep 600';
  const holder = execa('unshare', ['--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script], { reject: false });
  await once(holder.stdout, 'data');
  const pid = (await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8')).trim();
  return {
    within: ['nsenter', `--target=${pid}`, '--net', '--mount', '--pid'],
    pid,
    async close() {
      holder.kill('SIGKILL');
      await holder;
    },
  };
}
