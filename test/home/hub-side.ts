import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { openNetwork, type TrialNetwork, whyNoNetwork } from '../../builder/try/network.ts';
import type { HubPeer } from '../../home/hub/hub.ts';
import type { HubCommand, HubSettings } from './hub-process.ts';
import { PREFIX } from './sample-fleet.ts';

export const GROUPS = PREFIX.replace('::/48', '');
export const HUB = `${GROUPS}::1`;
export const HUB_NURSERY = `${GROUPS}:ffff::1`;
export const INTERFACE = 'semeur0';

/** Why no hub can be tried here; undefined when one can. */
export async function whyNoHub(): Promise<string | undefined> {
  // Two networks of an ordinary user's can't be joined by a cable: each has namespaces of its own to be root in.
  if (process.getuid?.() !== 0) return 'only root can join networks';
  const noNetwork = await whyNoNetwork();
  if (noNetwork !== undefined) return noNetwork;
  const { exitCode } = await execa('sh', ['-c', 'PATH=$PATH:/usr/sbin; command -v wireguard-go && command -v wg && command -v nft'], {
    reject: false,
  });
  return exitCode === 0 ? undefined : 'wireguard-go, wg or nft is missing';
}

export async function newKey(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const privateKey = (await execa('wg', ['genkey'])).stdout;
  return { privateKey, publicKey: (await execa('wg', ['pubkey'], { input: privateKey })).stdout };
}

/** @param address without its "/128". */
export function newPeer(publicKey: string, address: string): HubPeer {
  return { publicKey, presharedKey: randomBytes(32).toString('base64'), address: `${address}/128` };
}

/** The card with this number. Any 32 bytes are a public key, to WireGuard. */
export function peerOf(number: number): HubPeer {
  return newPeer(randomBytes(32).toString('base64'), `${GROUPS}:0:1::${number.toString(16)}`);
}

export async function defaultOptions(options: Partial<HubSettings['options']> = {}): Promise<HubSettings['options']> {
  const addresses = [`${HUB}/128`, `${HUB_NURSERY}/128`];
  const { privateKey } = await newKey();
  return { ...{ interface: INTERFACE, privateKey, vpnPort: 51820, addresses, prefix: PREFIX, ports: [51820, 443], firewall: true }, ...options };
}

export interface HubProcess {
  readonly ready: { readonly ready?: string; readonly seconds?: number; readonly failure?: string; readonly hint?: string };
  readonly logs: readonly string[];
  /** Resolves once it is done. */
  tell(...command: HubCommand): Promise<void>;
  kill(): Promise<void>;
}

async function startHub(network: TrialNetwork, settings: HubSettings, wrap: readonly string[]): Promise<HubProcess> {
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'hub-process.ts')];
  const [file = '', ...rest] = [...network.enter, ...wrap, ...program];
  const child = execa(file, rest, { reject: false, buffer: { stdout: false } });
  const logs: string[] = [];
  const answers: ((message: object) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as { log?: string };
    if (message.log === undefined) answers.shift()?.(message);
    else logs.push(message.log);
  });
  const send = (message: unknown) =>
    new Promise<object>((answer, reject) => {
      answers.push(answer);
      child.stdin.write(`${JSON.stringify(message)}\n`);
      void child.then(({ stderr }) => reject(new Error(`the hub ended: ${stderr}`)));
    });
  return {
    ready: (await send(settings)) as HubProcess['ready'],
    logs,
    tell: async (...command) => void (await send(command)),
    async kill() {
      child.kill('SIGKILL');
      await child;
    },
  };
}

export async function run({ enter }: TrialNetwork, ...argv: string[]): Promise<string> {
  return (await execa(enter[0] ?? '', [...enter.slice(1), ...argv])).stdout;
}

/** What the interface has, as "KEY ADDRESSES PRE-SHARED-KEY" sorted. */
export async function shownPeers(network: TrialNetwork): Promise<string[]> {
  const [, ...lines] = (await run(network, 'wg', 'show', INTERFACE, 'dump')).split('\n');
  return lines
    .map((line) => line.split('\t'))
    .map(([key, presharedKey, , addresses]) => `${key} ${addresses} ${presharedKey}`)
    .sort();
}

export function asShown(peers: readonly HubPeer[]): string[] {
  return peers.map(({ publicKey, address, presharedKey }) => `${publicKey} ${address} ${presharedKey}`).sort();
}

/** Networks, and hubs in them, that end with the test, whatever happens in it. */
export function hubKeeper() {
  const networks: TrialNetwork[] = [];
  const hubs: HubProcess[] = [];
  return {
    async open(addresses: readonly string[] = []): Promise<TrialNetwork> {
      const network = await openNetwork({ signal: new AbortController().signal }, { addresses });
      networks.push(network);
      return network;
    },
    /** @param wrap argv prefix within the network. */
    async start(network: TrialNetwork, settings: HubSettings, wrap: readonly string[] = []): Promise<HubProcess> {
      const hub = await startHub(network, settings, wrap);
      hubs.push(hub);
      return hub;
    },
    async closeAll(): Promise<void> {
      await Promise.all(hubs.splice(0).map((hub) => hub.kill()));
      await Promise.all(networks.splice(0).map((network) => network.close()));
    },
  };
}
