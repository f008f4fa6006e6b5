import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrialNetwork } from '../../builder/try/network.ts';
import { publicVpnKey } from '../../protocol/vpn-key.ts';
import { until } from '../until.ts';
import { defaultOptions, GROUPS, HUB, HUB_NURSERY, hubKeeper, run, whyNoHub } from './hub-side.ts';
import { connectSide, findAnswering, joinSide, type Listener, listen, sendDatagram, type VpnSide } from './vpn-sides.ts';

const noHub = await whyNoHub();
const hubs = hubKeeper();
const listeners: Listener[] = [];
const tunnels: (() => Promise<void>)[] = [];

const ADDRESSES = { seed: `${GROUPS}:ffff:1:2:3:4`, card: `${GROUPS}:0:1::1`, neighbour: `${GROUPS}:0:1::2`, operator: `${GROUPS}:0:2::5` };
type Name = keyof typeof ADDRESSES;
/** Ports of home's listeners, the fleet page, SSH, the cards' metrics, the fleet's metrics. */
const PORTS = [8080, 8081, 22, 9100, 9180];
const NAMES = Object.keys(ADDRESSES) as Name[];

describe.skipIf(noHub)(`the hub's packet filter${noHub ? `: ${noHub}` : ''}`, () => {
  let hub: TrialNetwork;
  let sides: Record<Name, VpnSide>;
  let hubListener: Listener;
  /** Whoever is a member, and whatever they could want of one another. */
  const everywhere = [HUB, HUB_NURSERY, ...Object.values(ADDRESSES)].flatMap((address) => PORTS.map((port) => `${address} ${port}`));
  const answering = (name: Name) =>
    findAnswering(
      sides[name].network,
      ADDRESSES[name],
      everywhere.filter((place) => !place.startsWith(`${ADDRESSES[name]} `)),
    );

  beforeAll(async () => {
    hub = await hubs.open();
    const joined = await Promise.all(NAMES.map(async (name, index) => joinSide(hub, await hubs.open(), index + 1, ADDRESSES[name])));
    const options = await defaultOptions();
    await hubs.start(hub, { options, peers: joined.map(({ peer }) => peer) });
    // The card by the port of another endpoint.
    const hubKey = publicVpnKey(options.privateKey);
    tunnels.push(...(await Promise.all(joined.map((side, index) => connectSide(side, hubKey, NAMES[index] === 'card' ? 443 : 51820)))));
    sides = Object.fromEntries(joined.map((side, index) => [NAMES[index], side])) as unknown as Record<Name, VpnSide>;
    hubListener = await listen(hub, ...PORTS);
    listeners.push(hubListener, ...(await Promise.all(joined.map(({ network }) => listen(network, ...PORTS)))));
  });
  afterAll(async () => {
    await Promise.all([...listeners.map((listener) => listener.stop()), ...tunnels.map((end) => end())]);
    await hubs.closeAll();
  });

  it("lets a seed's key reach the claim, and nothing else", async () => {
    expect(await answering('seed')).toEqual([`${HUB_NURSERY} 8080`]);
  });

  it("lets a card reach home at the hub's final address, and nothing else: no fleet page, no other card, no operator", async () => {
    expect(await answering('card')).toEqual([`${HUB} 8080`]);
    expect(await answering('neighbour')).toEqual([`${HUB} 8080`]);
  });

  it("lets an operator reach home, its fleet page, the fleet's metrics and the cards", async () => {
    expect(await answering('operator')).toEqual([
      ...[8080, 8081, 9180].map((port) => `${HUB} ${port}`),
      ...[ADDRESSES.card, ADDRESSES.neighbour].flatMap((address) => PORTS.map((port) => `${address} ${port}`)),
    ]);
  });

  it("lets home's own machine ask the cards for their metrics, and itself for the fleet's", async () => {
    const places = [`${HUB} 9180`, `${ADDRESSES.card} 9100`, `${ADDRESSES.neighbour} 9100`];
    expect(await findAnswering(hub, HUB, places)).toEqual(places);
  });

  it("drops what a member sends in another's name", async () => {
    const { network } = sides.neighbour;
    const names = [ADDRESSES.operator, ADDRESSES.card, ADDRESSES.seed];
    for (const name of names) await run(network, 'ip', 'address', 'add', `${name}/128`, 'dev', 'wg0', 'nodad');
    // Without the filter, so that it is WireGuard alone that drops: a datagram in its own name comes through.
    const rules = await run(hub, 'nft', 'list', 'ruleset');
    await run(hub, 'nft', 'flush', 'ruleset');
    for (const name of names) await sendDatagram(network, name, HUB, `as ${name}`);
    await sendDatagram(network, ADDRESSES.neighbour, HUB, 'as itself');
    await until(() => hubListener.datagrams().includes('as itself'));
    expect(hubListener.datagrams()).toEqual(['as itself']);
    await run(hub, 'sh', '-c', 'echo "$1" | nft --file -', 'sh', rules);
    for (const name of names) await run(network, 'ip', 'address', 'delete', `${name}/128`, 'dev', 'wg0');
  });

  it("drops what comes by another interface from the VPN's network, or to it", async () => {
    const { network, lan, hubLan } = sides.neighbour;
    const before = hubListener.datagrams().length;
    const forged = `${GROUPS}:0:2::6`;
    await run(network, 'ip', 'address', 'add', `${forged}/128`, 'dev', 'lan', 'nodad');
    await run(network, 'ip', '-6', 'route', 'add', `${HUB}/128`, 'via', hubLan, 'dev', 'lan');
    const sendAll = async (word: string) => {
      await sendDatagram(network, forged, hubLan, `${word}: from the VPN's network`);
      await sendDatagram(network, lan, HUB, `${word}: to the VPN's network`);
      await sendDatagram(network, lan, hubLan, `${word}: neither`);
      await until(() => hubListener.datagrams().includes(`${word}: neither`));
      await wait(200);
    };
    await sendAll('filtered');
    expect(hubListener.datagrams().slice(before)).toEqual(['filtered: neither']);
    // And without the rule it would have come.
    await run(hub, 'nft', 'flush', 'chain', 'inet', 'semeur', 'source');
    await sendAll('open');
    expect(hubListener.datagrams().slice(before + 1)).toEqual(["open: from the VPN's network", "open: to the VPN's network", 'open: neither']);
  });
});
