import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { TrialNetwork } from '../../builder/try/network.ts';
import { publicVpnKey } from '../../home/vpn-key.ts';
import { asShown, defaultOptions, GROUPS, hubKeeper, INTERFACE, newKey, newPeer, peerOf, run, shownPeers, until, whyNoHub } from './hub-side.ts';

const noHub = await whyNoHub();
const hubs = hubKeeper();
afterEach(hubs.closeAll);

const QUICK = { reconcileSeconds: 0.3, staleSeconds: 1, reviveSeconds: 2 };
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

  it('repairs what differs from the database: one too many, one missing, a wrong address, a wrong pre-shared key', async () => {
    const network = await hubs.open();
    const [missing, moved, rekeyed, stranger] = [peerOf(1), peerOf(2), peerOf(3), peerOf(4)];
    const peers = [missing, moved, rekeyed, peerOf(5)];
    const hub = await hubs.start(network, { options: await defaultOptions(), times: { ...SLOW, reconcileSeconds: 1 }, peers });
    const set = (...words: string[]) => run(network, 'wg', 'set', INTERFACE, ...words);
    await set('peer', stranger.publicKey, 'allowed-ips', `${GROUPS}:0:2::5/128`);
    await set('peer', missing.publicKey, 'remove');
    // The worst: its own address, and a network besides.
    await set('peer', moved.publicKey, 'allowed-ips', `${moved.address},${GROUPS}:0:2::/80`);
    await set('peer', rekeyed.publicKey, 'preshared-key', '/dev/null');
    await until(async () => (await shownPeers(network)).join() === asShown(peers).join());
    expect(hub.logs).toContain('the hub was not what the database says: repaired');
  });

  it('repairs its packet filter, its addresses and its key where another program changed them', async () => {
    const network = await hubs.open();
    const peers = [peerOf(1), peerOf(2)];
    const options = await defaultOptions();
    const hub = await hubs.start(network, { options, times: { ...SLOW, reconcileSeconds: 0.5 }, peers });
    const rules = await run(network, 'nft', 'list', 'ruleset');
    await run(network, 'nft', 'flush', 'ruleset');
    await run(network, 'ip', 'address', 'flush', 'dev', INTERFACE, 'scope', 'global');
    await run(network, 'sh', '-c', `wg genkey | wg set ${INTERFACE} private-key /dev/stdin listen-port 9`);
    await until(async () => (await run(network, 'nft', 'list', 'ruleset')) === rules);
    const shown = async () => `${await run(network, 'wg', 'show', INTERFACE)} ${await run(network, 'ip', 'address')}`;
    await until(async () =>
      [publicVpnKey(options.privateKey), 'port: 51820', `${GROUPS}::1/128`].every(async (word) => (await shown()).includes(word)),
    );
    expect(await shownPeers(network)).toEqual(asShown(peers));
    expect(hub.logs).toContain('the packet filter was not as it should be: loaded again');
  });

  it('takes wireguard-go with it when home is killed, and has what was committed meanwhile when it starts again', async () => {
    const network = await hubs.open();
    const [first, second] = [peerOf(1), peerOf(2)];
    const options = await defaultOptions();
    const killed = await hubs.start(network, { options, times: SLOW, peers: [first] });
    await killed.kill();
    // `second` was committed, and first removed, when home was killed before `wg set`. At once: the first's wireguard-go may still be ending.
    const hub = await hubs.start(network, { options, times: SLOW, peers: [second] });
    expect(hub.ready.ready, hub.ready.failure).toMatch(KIND);
    expect(await shownPeers(network)).toEqual(asShown([second]));
    await hub.kill();
    if (hub.ready.ready === 'wireguard-go') await until(async () => !(await run(network, 'ip', 'link')).includes(INTERFACE));
  });

  it('makes the interface again when it is gone', async () => {
    const network = await hubs.open();
    const peers = [peerOf(1), peerOf(2)];
    const hub = await hubs.start(network, { options: await defaultOptions(), times: { ...SLOW, reconcileSeconds: 0.5 }, peers });
    await run(network, 'ip', 'link', 'delete', 'dev', INTERFACE);
    await until(async () => (await shownPeers(network).catch(() => [])).join() === asShown(peers).join());
    expect(hub.logs).toContain('the interface was gone: made again');
  });

  it('has 10,000 peers at start', { timeout: 60_000 }, async ({ annotate }) => {
    const network = await hubs.open();
    const peers = Array.from({ length: 10_000 }, (_, index) => peerOf(index + 1));
    const hub = await hubs.start(network, { options: await defaultOptions(), peers });
    await annotate(`10,000 peers by ${hub.ready.ready} in ${hub.ready.seconds?.toFixed(2)} s`);
    expect(await shownPeers(network)).toEqual(asShown(peers));
  });

  it('lets a peer in again whose clock was ahead, once that peer is silent', async () => {
    const network = await hubs.open(['192.0.2.10/32', '2001:db8::10/128']);
    const card = await newKey();
    const peers = [newPeer(card.publicKey, `${GROUPS}:0:1::7`), peerOf(1), peerOf(2)];
    const options = await defaultOptions();
    const now = Math.floor(Date.now() / 1000);
    const hub = await hubs.start(network, { options, times: { ...QUICK, staleSeconds: 4 }, peers });
    const call = (seconds: number, address = '192.0.2.10', port = 51820) =>
      shake(network, publicVpnKey(options.privateKey), card.privateKey, seconds, address, port);
    const ahead = now + 70 * 365 * 86_400;
    expect(await call(ahead)).toBe('answered');
    expect(await call(now)).toBe('silent');
    await until(async () => (await call(now)) === 'answered');
    expect(await shownPeers(network)).toEqual(asShown(peers));
    expect(hub.logs).toEqual([]);
    // The ports of other endpoints, and this machine's own packets to them, by both families.
    expect(await call(now + 1, '192.0.2.10', 443)).toBe('answered');
    expect(await call(now + 2, '2001:db8::10', 443)).toBe('answered');
    expect(await call(now + 3, '192.0.2.10', 444)).toBe('silent');
  });

  it('refuses an interface that is not its own, and leaves it alone', async () => {
    const network = await hubs.open();
    await run(network, 'ip', 'tuntap', 'add', 'dev', INTERFACE, 'mode', 'tun');
    const hub = await hubs.start(network, { options: await defaultOptions(), peers: [] });
    expect(hub.ready.failure).toBe(`Cannot open the VPN: the interface "${INTERFACE}" is there already, and not this hub's`);
    expect(await run(network, 'ip', 'link')).toContain(INTERFACE);
    expect(await run(network, 'nft', 'list', 'ruleset')).toBe('');
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

  it('warns when the packet filter is left to the operator', async () => {
    const network = await hubs.open();
    const hub = await hubs.start(network, { options: await defaultOptions({ firewall: false }), peers: [] });
    expect(hub.logs).toEqual([expect.stringContaining('--no-firewall')]);
    expect(await run(network, 'nft', 'list', 'ruleset')).toBe('');
  });
});

async function shake(network: TrialNetwork, hubKey: string, privateKey: string, seconds: number, address: string, port: number): Promise<string> {
  // Handshakes of one peer are at least 20 ms apart, or WireGuard takes them for a flood.
  await wait(50);
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'handshake.ts')];
  return run(network, ...program, hubKey, privateKey, `${seconds}`, address, `${port}`);
}
