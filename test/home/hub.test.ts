import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { asShown, defaultOptions, GROUPS, hubKeeper, INTERFACE, newPeer, peerOf, run, shownPeers, whyNoHub } from './hub-side.ts';

const noHub = await whyNoHub();
const hubs = hubKeeper();
afterEach(hubs.closeAll);

const SLOW = { reconcileSeconds: 3600, staleSeconds: 3600, reviveSeconds: 3600 };

/** Why there can be none of the kernel's is the machine's own affair. */
const KIND = /^(kernel|wireguard-go)$/;

describe.skipIf(noHub)(`openHub()${noHub ? `: ${noHub}` : ''}`, () => {
  it('opens an interface with all peers, and leaves nothing when it is closed', async () => {
    const network = await hubs.open();
    const peers = [peerOf(1), peerOf(2), peerOf(3)];
    const hub = await hubs.start(network, { options: await defaultOptions(), peers });
    expect(hub.ready.ready, hub.ready.failure).toMatch(KIND);
    expect(await shownPeers(network)).toEqual(asShown(peers));
    const address = await run(network, 'ip', '-oneline', 'address', 'show', 'dev', INTERFACE, 'scope', 'global');
    expect([...address.matchAll(/inet6 (\S+)/g)].map(([, found]) => found).sort()).toEqual([`${GROUPS}::1/128`, `${GROUPS}:ffff::1/128`]);
    expect(await run(network, 'ip', 'link', 'show', 'dev', INTERFACE)).toMatch(/[<,]UP,.* mtu 1280 /);
    expect(await run(network, 'ip', '-6', 'route', 'show', `${GROUPS}::/48`)).toContain(INTERFACE);
    await hub.tell('close');
    expect(await run(network, 'ip', 'link')).not.toContain(INTERFACE);
    expect(await run(network, 'nft', 'list', 'ruleset')).toBe('');
    expect(hub.logs).toEqual([]);
  });

  it('sets and removes peers, and gives one another address or pre-shared key', async () => {
    const network = await hubs.open();
    const [first, second, third] = [peerOf(1), peerOf(2), peerOf(3)];
    const hub = await hubs.start(network, { options: await defaultOptions(), times: SLOW, peers: [first] });
    // Not one after the other: it keeps their order by itself.
    await Promise.all([hub.tell('set', second), hub.tell('set', third), hub.tell('remove', first.publicKey)]);
    expect(await shownPeers(network)).toEqual(asShown([second, third]));
    const changed = newPeer(third.publicKey, `${GROUPS}:0:1::99`);
    await hub.tell('set', changed);
    await hub.tell('remove', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
    expect(await shownPeers(network)).toEqual(asShown([second, changed]));
    expect(hub.logs).toEqual([]);
  });

  it('moves no address silently: it says whose it was, and removes that peer', async () => {
    const network = await hubs.open();
    const [first, second] = [peerOf(1), peerOf(2)];
    const hub = await hubs.start(network, { options: await defaultOptions(), times: SLOW, peers: [first] });
    const intruder = { ...second, address: first.address };
    await hub.tell('set', intruder);
    expect(hub.logs).toEqual(['another peer had the address: removed']);
    expect(await shownPeers(network)).toEqual(asShown([intruder]));
  });

  it('has 10,000 peers at start', { timeout: 60_000 }, async ({ annotate }) => {
    const network = await hubs.open();
    const peers = Array.from({ length: 10_000 }, (_, index) => peerOf(index + 1));
    const hub = await hubs.start(network, { options: await defaultOptions(), peers });
    await annotate(`10,000 peers by ${hub.ready.ready} in ${hub.ready.seconds?.toFixed(2)} s`);
    expect(await shownPeers(network)).toEqual(asShown(peers));
  });

  it('refuses an interface that is not its own, and leaves it alone', async () => {
    const network = await hubs.open();
    await run(network, 'ip', 'tuntap', 'add', 'dev', INTERFACE, 'mode', 'tun');
    const hub = await hubs.start(network, { options: await defaultOptions(), peers: [] });
    expect(hub.ready.failure).toBe(`Cannot open the VPN: the interface "${INTERFACE}" is there already, and not this hub's`);
    expect(await run(network, 'ip', 'link')).toContain(INTERFACE);
    expect(await run(network, 'nft', 'list', 'ruleset')).toBe('');
  });

  it("refuses the name of another home's interface, in another network of the same machine", async () => {
    const network = await hubs.open();
    const first = await hubs.start(network, { options: await defaultOptions(), peers: [] });
    const second = await hubs.start(network, { options: await defaultOptions(), peers: [] }, ['unshare', '--net']);
    // The kernel's own interfaces don't meet.
    if (first.ready.ready === 'kernel') return expect(second.ready.ready).toBe('kernel');
    expect(second.ready.failure).toBe(`Cannot open the VPN: the interface "${INTERFACE}" is another home's, in another network of this machine`);
    expect(second.ready.hint).toContain('--interface');
    expect(await run(network, 'wg', 'show', 'interfaces')).toBe(INTERFACE);
  });

  it('says what is missing: rights, the device, a good name', async () => {
    const network = await hubs.open();
    const options = await defaultOptions();
    const start = async (changes: object, wrap: string[] = []) =>
      (await hubs.start(network, { options: { ...options, ...changes }, peers: [] }, wrap)).ready;
    const powerless = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    expect(await start({}, powerless)).toMatchObject({
      failure: expect.stringContaining('Cannot load the packet filter of the VPN'),
      hint: expect.stringContaining('--no-firewall'),
    });
    const noDevice = ['unshare', '--mount', 'sh', '-c', 'mount --no-mtab -t tmpfs none /dev/net && exec "$@"', 'sh'];
    const { ready, failure, hint } = await start({}, noDevice);
    if (ready !== 'kernel') {
      expect(failure).toMatch(/^Cannot open the VPN: no WireGuard in the kernel \(.+\), and "\/dev\/net\/tun" cannot be opened$/);
      expect(hint).toContain('apt-get install wireguard-go');
    }
    expect(await start({ interface: 'a"; flush ruleset' })).toMatchObject({ failure: expect.stringContaining('is no name for its interface') });
    expect(await run(network, 'nft', 'list', 'ruleset')).toBe('');
  });

  it('needs no more than the capabilities of its unit', async () => {
    const network = await hubs.open();
    const unit = await readFile(join(findCheckout(), 'home', 'semeur-home.service'), 'utf8');
    const capabilities = /^CapabilityBoundingSet=(.+)$/m.exec(unit)?.[1]?.toLowerCase().replaceAll('cap_', '+').split(' ') ?? [];
    expect(capabilities).toContain('+net_admin');
    const peers = [peerOf(1)];
    const wrap = ['setpriv', `--bounding-set=-all,${capabilities.join(',')}`, '--inh-caps=-all', '--no-new-privs'];
    const hub = await hubs.start(network, { options: await defaultOptions(), peers }, wrap);
    expect(hub.ready.failure).toBeUndefined();
    expect(await shownPeers(network)).toEqual(asShown(peers));
    expect(await run(network, 'cat', `/proc/sys/net/ipv6/conf/${INTERFACE}/force_forwarding`).catch(() => '1')).toBe('1');
    await hub.tell('close');
  });

  it('warns when the packet filter is left to the operator', async () => {
    const network = await hubs.open();
    const hub = await hubs.start(network, { options: await defaultOptions({ firewall: false }), peers: [] });
    expect(hub.logs).toEqual([expect.stringContaining('--no-firewall')]);
    expect(await run(network, 'nft', 'list', 'ruleset')).toBe('');
  });
});
