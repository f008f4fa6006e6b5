import { performance } from 'node:perf_hooks';
import type { Firewall } from './firewall.ts';
import type { Link } from './link.ts';
import type { HubOptions, HubTimes } from './options.ts';
import { type HubPeer, parseDump, planRepairs, renderInterface, renderPeers, type ShownHub } from './peers.ts';
import { runProgram, runWithSecret } from './programs.ts';
import { createStalePeers } from './stale-peers.ts';

/** Its functions are never run at the same time. */
export interface Reconciler {
  /** Makes the hub what the database says, whatever happened to it. */
  reconcile(): Promise<void>;
  setPeer(peer: HubPeer): Promise<void>;
  removePeer(publicKey: string): Promise<void>;
}

/** A line of arguments has room for many more, but not for any number. */
const KEYS_A_CALL = 1000;
/** What fails, if it does. */
const PEERS = 'tell the VPN its key, its port and its peers';

export function createReconciler(options: HubOptions, times: HubTimes, link: Link, firewall: Firewall): Reconciler {
  const { interface: name, log } = options;
  const stale = createStalePeers(times);
  /** Which peer has an address, as far as we know. */
  const holders = new Map<string, string>();

  async function remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += KEYS_A_CALL) {
      const words = keys.slice(at, at + KEYS_A_CALL).flatMap((key) => ['peer', key, 'remove']);
      await runProgram(['wg', 'set', name, ...words], { doing: PEERS });
    }
  }

  async function add(peers: readonly HubPeer[]): Promise<void> {
    if (peers.length > 0) await runWithSecret(['wg', 'addconf', name, '/dev/stdin'], renderPeers(peers), PEERS);
  }

  /** All at once: what is right already keeps its sessions. */
  async function replaceAll(): Promise<void> {
    const text = renderInterface(options.privateKey, options.vpnPort) + renderPeers(options.peers());
    await runWithSecret(['wg', 'syncconf', name, '/dev/stdin'], text, PEERS);
  }

  async function show(): Promise<ShownHub> {
    return parseDump(await runProgram(['wg', 'show', name, 'dump'], { doing: 'see which peers the VPN has' }));
  }

  async function repair(shown: ShownHub): Promise<void> {
    // Read after the dump: who was committed in between is at worst added twice.
    const wanted = options.peers();
    const repairs = planRepairs(shown.peers, wanted);
    const revived = stale.take(shown.peers, performance.now() / 1000);
    const again = wanted.filter(({ publicKey }) => revived.has(publicKey) && !repairs.remove.includes(publicKey));
    await remove([...repairs.remove, ...again.map(({ publicKey }) => publicKey)]);
    await add([...repairs.add, ...again]);
    holders.clear();
    for (const { address, publicKey } of wanted) holders.set(address, publicKey);
    if (repairs.remove.length + repairs.add.length > 0) {
      log('the hub was not what the database says: repaired', { removed: repairs.remove.length, added: repairs.add.length });
    }
  }

  return {
    async reconcile() {
      await firewall.ensure();
      await link.ensure();
      const found = await show();
      const isOurs = found.publicKey === link.publicKey && found.port === options.vpnPort;
      if (!isOurs) await replaceAll();
      await link.configure();
      await repair(isOurs ? found : await show());
    },
    async setPeer({ publicKey, presharedKey, address }) {
      const holder = holders.get(address);
      // `wg set` would move the address without a word. The database has it once only, so the other peer is one that should have gone.
      if (holder !== undefined && holder !== publicKey) {
        log('another peer had the address: removed', { address, peer: holder });
        await remove([holder]);
      }
      for (const [other, key] of holders) if (key === publicKey) holders.delete(other);
      await runWithSecret(['wg', 'set', name, 'peer', publicKey, 'preshared-key', '/dev/stdin', 'allowed-ips', address], presharedKey, PEERS);
      holders.set(address, publicKey);
    },
    async removePeer(publicKey) {
      for (const [address, key] of holders) if (key === publicKey) holders.delete(address);
      await remove([publicKey]);
    },
  };
}
