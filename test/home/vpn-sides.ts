import { isIPv4 } from 'node:net';
import { execa } from 'execa';
import type { TrialNetwork } from '../../builder/try/network.ts';
import type { HubPeer } from '../../home/hub/hub.ts';
import { until } from '../until.ts';
import { GROUPS, newKey, newPeer, run } from './hub-side.ts';

/** A member of the VPN in a network of its own, joined to the hub's by a cable. It is a rude one: nothing in it keeps it from sending anything to anybody. */
export interface VpnSide {
  readonly network: TrialNetwork;
  readonly peer: HubPeer;
  readonly address: string;
  /** The hub's end of its cable, and its own. */
  readonly hubLan: string;
  readonly lan: string;
}

/** @param number of its cable, from 1. */
export async function joinSide(
  hub: TrialNetwork,
  network: TrialNetwork,
  number: number,
  address: string,
): Promise<VpnSide & { readonly privateKey: string }> {
  const [hubLan, lan] = [`2001:db8:${number}::1`, `2001:db8:${number}::2`];
  await layCable(hub, network, number, [hubLan], [lan]);
  const { privateKey, publicKey } = await newKey();
  return { network, peer: newPeer(publicKey, address), address, hubLan, lan, privateKey };
}

/** From the hub's network, as "sideNUMBER", to another, as "lan". IPv4 addresses are of a /24, IPv6 ones of a /64. */
export async function layCable(
  hub: TrialNetwork,
  network: TrialNetwork,
  number: number,
  hubAddresses: readonly string[],
  addresses: readonly string[],
): Promise<void> {
  const pids = [hub, network].map(({ enter }) => enter[enter.indexOf('--target') + 1] ?? '');
  await execa('ip', ['link', 'add', `side${number}`, 'netns', pids[0] ?? '', 'type', 'veth', 'peer', 'name', 'lan', 'netns', pids[1] ?? '']);
  for (const [side, name, own] of [
    [hub, `side${number}`, hubAddresses],
    [network, 'lan', addresses],
  ] as const) {
    for (const one of own) {
      if (isIPv4(one)) await run(side, 'ip', 'address', 'add', `${one}/24`, 'dev', name);
      else await run(side, 'ip', 'address', 'add', `${one}/64`, 'dev', name, 'nodad');
    }
    await run(side, 'ip', 'link', 'set', 'dev', name, 'up');
  }
}

/** Brings its tunnel up, and waits for the first handshake. @returns what takes it down. */
export async function connectSide(
  { network, peer, address, hubLan, privateKey }: VpnSide & { privateKey: string },
  hubKey: string,
  port: number,
): Promise<() => Promise<void>> {
  const end = await startTunnel(network, privateKey);
  await setHub(network, hubKey, peer, `[${hubLan}]:${port}`);
  await run(network, 'ip', 'address', 'add', `${address}/128`, 'dev', 'wg0', 'nodad');
  await run(network, 'ip', 'link', 'set', 'dev', 'wg0', 'mtu', '1280', 'up');
  await run(network, 'ip', '-6', 'route', 'add', `${GROUPS}::/48`, 'dev', 'wg0');
  await until(() => hasShakenHands(network));
  return end;
}

/** A WireGuard interface, wg0, without a peer. @returns what takes it down. */
export async function startTunnel(network: TrialNetwork, privateKey: string): Promise<() => Promise<void>> {
  // In the foreground: it ends with this process, or its network's keeper.
  const [file = '', ...rest] = [...network.enter, 'env', 'WG_PROCESS_FOREGROUND=1', 'LOG_LEVEL=silent', 'wireguard-go', 'wg0'];
  const tunnel = execa(file, rest, { reject: false });
  await until(async () => (await run(network, 'wg', 'show', 'interfaces')).split(' ').includes('wg0'));
  await setWithSecret(network, privateKey, 'private-key', '/dev/stdin');
  return async () => {
    tunnel.kill();
    await tunnel;
  };
}

/** The one peer of wg0, anew: no session and no wait of another endpoint is left. */
export async function setHub(network: TrialNetwork, hubKey: string, { presharedKey }: HubPeer, endpoint: string): Promise<void> {
  await run(network, 'wg', 'set', 'wg0', 'peer', hubKey, 'remove');
  const hub = ['peer', hubKey, 'endpoint', endpoint, 'persistent-keepalive', '1', 'allowed-ips', '::/0'];
  await setWithSecret(network, presharedKey, ...hub, 'preshared-key', '/dev/stdin');
}

export async function hasShakenHands(network: TrialNetwork): Promise<boolean> {
  return /\t[1-9]\d*$/.test(await run(network, 'wg', 'show', 'wg0', 'latest-handshakes'));
}

async function setWithSecret({ enter }: TrialNetwork, secret: string, ...words: string[]): Promise<void> {
  await execa(enter[0] ?? '', [...enter.slice(1), 'sh', '-c', 'cat | wg set wg0 "$@"', 'sh', ...words], { input: secret });
}

/** Answers every TCP connection on these ports, and writes a line for each UDP datagram on port 9999, from any address. */
const LISTENER = `import net from 'node:net';
import dgram from 'node:dgram';
for (const port of process.argv.slice(1).map(Number)) net.createServer((socket) => socket.on('error', () => {}).end('here')).listen(port, '::');
const socket = dgram.createSocket('udp6');
socket.on('message', (text) => console.log(String(text)));
socket.bind(9999, '::', () => console.log('ready'));`;

export interface Listener {
  readonly datagrams: () => readonly string[];
  stop(): Promise<void>;
}

export async function listen({ enter }: TrialNetwork, ...ports: number[]): Promise<Listener> {
  const [file = '', ...rest] = [...enter, process.execPath, '--input-type=module', '--eval', LISTENER, ...ports.map(String)];
  const child = execa(file, rest, { reject: false, buffer: { stdout: false } });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await until(() => text.startsWith('ready'));
  return {
    datagrams: () => text.trimEnd().split('\n').slice(1),
    async stop() {
      child.kill('SIGKILL');
      await child;
    },
  };
}

const CALLER = `import net from 'node:net';
const calls = JSON.parse(process.argv[1]);
const call = ([from, host, port]) => new Promise((done) => {
  const socket = net.connect({ host, port, localAddress: from });
  const late = setTimeout(() => finish(false), 1500);
  const finish = (answer) => { clearTimeout(late); socket.destroy(); done(answer); };
  socket.on('data', () => finish(true)).on('error', () => finish(false)).on('end', () => finish(false));
});
console.log(JSON.stringify(await Promise.all(calls.map(call))));`;

/** Which of these "host port" answer a connection from an address, all tried at once. @returns those that do. */
export async function findAnswering(network: TrialNetwork, from: string, places: readonly string[]): Promise<string[]> {
  const calls = places.map((place) => [from, place.split(' ')[0], Number(place.split(' ')[1])]);
  const answers = JSON.parse(await run(network, process.execPath, '--input-type=module', '--eval', CALLER, JSON.stringify(calls))) as boolean[];
  return places.filter((_, index) => answers[index]);
}

const SENDER = `import dgram from 'node:dgram';
const [from, to, text] = process.argv.slice(1);
const socket = dgram.createSocket('udp6');
socket.bind(0, from, () => socket.send(text, 9999, to, () => socket.close()));`;

/** One datagram to port 9999. */
export async function sendDatagram(network: TrialNetwork, from: string, to: string, text: string): Promise<void> {
  await run(network, process.execPath, '--input-type=module', '--eval', SENDER, from, to, text);
}
