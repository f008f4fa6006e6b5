import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { TrialNetwork } from '../../builder/try/network.ts';
import { publicVpnKey } from '../../protocol/vpn-key.ts';
import { until } from '../until.ts';
import type { Answer } from './handshake.ts';
import { asShown, defaultOptions, GROUPS, hubKeeper, INTERFACE, newKey, newPeer, peerOf, run, shownPeers, whyNoHub } from './hub-side.ts';

const noHub = await whyNoHub();
const hubs = hubKeeper();
afterEach(hubs.closeAll);

const SLOW = { reconcileSeconds: 3600, staleSeconds: 3600, reviveSeconds: 3600 };

/** Why there can be none of the kernel's is the machine's own affair. */
const KIND = /^(kernel|wireguard-go)$/;

describe.skipIf(noHub)(`the hub${noHub ? `: ${noHub}` : ''}`, () => {
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
    // Said when the last program has ended, so a moment after the peers are there.
    await until(async () => hub.logs.includes('the hub was not what the database says: repaired'));
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
    await until(async () => hub.logs.includes('the interface was gone: made again'));
  });

  it('lets a peer in again whose clock was ahead, once that peer is silent', async () => {
    const network = await hubs.open(['192.0.2.10/32', '2001:db8::10/128']);
    const card = await newKey();
    const peers = [newPeer(card.publicKey, `${GROUPS}:0:1::7`), peerOf(1), peerOf(2)];
    const options = await defaultOptions();
    const now = Math.floor(Date.now() / 1000);
    const hub = await hubs.start(network, { options, times: { reconcileSeconds: 0.3, staleSeconds: 12, reviveSeconds: 12 }, peers });
    const call = (seconds: number, address = '192.0.2.10', port = 51820) =>
      shake(network, publicVpnKey(options.privateKey), card.privateKey, seconds, address, port);
    const ahead = now + 70 * 365 * 86_400;
    expect(await call(ahead)).toBe('answered');
    expect(await call(now)).toBe('silent');
    await until(async () => (await call(now)) === 'answered');
    // The other two, never heard of, are taken out and put in again likewise: for an instant, one may be out.
    await expect.poll(() => shownPeers(network)).toEqual(asShown(peers));
    expect(hub.logs).toEqual([]);
    // The ports of other endpoints, and this machine's own packets to them, by both families.
    expect(await call(now + 1, '192.0.2.10', 443)).toBe('answered');
    expect(await call(now + 2, '2001:db8::10', 443)).toBe('answered');
    expect(await call(now + 3, '192.0.2.10', 444)).toBe('silent');
  });
});

async function shake(network: TrialNetwork, hubKey: string, privateKey: string, seconds: number, address: string, port: number): Promise<Answer> {
  // Handshakes of one peer are at least 20 ms apart, or WireGuard takes them for a flood.
  await wait(50);
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'handshake.ts')];
  return (await run(network, ...program, hubKey, privateKey, `${seconds}`, address, `${port}`)) as Answer;
}
