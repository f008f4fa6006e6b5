import { mkdtemp, rm } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TrialNetwork } from '../../builder/try/network.ts';
import { publicVpnKey } from '../../protocol/vpn-key.ts';
import { until } from '../until.ts';
import { fetchWireguard, whyNoMirror } from './fetch-wireguard.ts';
import { defaultOptions, GROUPS, hubKeeper, newKey, newPeer, run, whyNoHub } from './hub-side.ts';
import { hasShakenHands, layCable, setHub, startTunnel } from './vpn-sides.ts';

/** Those whose wireguard-go a home may have. */
const SUITES = ['bookworm', 'trixie'] as const;
const PORTS = [51820, 443, 53];
/** The examples' own, which a trial's network has. */
const LITERALS = ['192.0.2.10', '2001:db8:10::10'];
const SERVER = ['198.51.100.1', '2001:db8:1::1'];
const CARD = ['198.51.100.2', '2001:db8:1::2'];
/** A port of the card's for each endpoint: what it heard from one is no answer of another. */
const CARD_PORT = 60_000;
const SECONDS = 30;

const noHub = (await whyNoHub()) ?? (await whyNoMirror());
const hubs = hubKeeper();
const tunnels: (() => Promise<void>)[] = [];
let folder: string;
let programs: Record<(typeof SUITES)[number], string>;

describe.skipIf(noHub)(`the tunnel at every port${noHub ? `: ${noHub}` : ''}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semeur-suites-'));
    programs = await fetchWireguard(SUITES, folder);
  });
  afterEach(async () => {
    await Promise.all(tunnels.splice(0).map((end) => end()));
    await hubs.closeAll();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(SUITES)('is there for a card in QEMU, in a network with the hub, by the wireguard-go of %s', async (suite) => {
    const network = await hubs.open(LITERALS.map((address) => `${address}/${isIPv6(address) ? 128 : 32}`));
    await checkEndpoints(suite, { hub: network, card: network }, LITERALS);
  });

  it.each(SUITES)('is there for a card that calls a server, by the wireguard-go of %s', async (suite) => {
    const [hub, card] = [await hubs.open(), await hubs.open()];
    await layCable(hub, card, 1, SERVER, CARD);
    await checkEndpoints(suite, { hub, card }, SERVER);
  });
});

interface Networks {
  readonly hub: TrialNetwork;
  readonly card: TrialNetwork;
}

/** Shakes hands at each port of each address, as a card that lets in nothing but answers to what it sent. */
async function checkEndpoints(suite: (typeof SUITES)[number], { hub, card }: Networks, addresses: readonly string[]): Promise<void> {
  const path = `PATH=${programs[suite]}:${process.env['PATH']}`;
  const { privateKey, publicKey } = await newKey();
  const peer = newPeer(publicKey, `${GROUPS}:0:1::1`);
  const options = await defaultOptions({ ports: PORTS });
  const { ready } = await hubs.start(hub, { options, peers: [peer] }, ['env', path]);
  expect(ready.ready, ready.failure).toBeDefined();
  const rule = `udp dport ${CARD_PORT}-${CARD_PORT + 99} ct state != { established, related } drop`;
  await run(card, 'nft', `table inet card { chain input { type filter hook input priority filter; ${rule}; }; }`);
  tunnels.push(await startTunnel(card, privateKey));
  await run(card, 'ip', 'link', 'set', 'dev', 'wg0', 'up');
  const endpoints = addresses.flatMap((address) => PORTS.map((port) => `${isIPv6(address) ? `[${address}]` : address}:${port}`));
  for (const [index, endpoint] of endpoints.entries()) {
    await run(card, 'wg', 'set', 'wg0', 'listen-port', String(CARD_PORT + index));
    await setHub(card, publicVpnKey(options.privateKey), peer, endpoint);
    await until(() => hasShakenHands(card), SECONDS).catch((cause) => {
      throw new Error(`no handshake at ${endpoint}`, { cause });
    });
  }
}
