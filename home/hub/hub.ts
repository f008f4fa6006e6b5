import { Failure } from '../../kit/failure.ts';
import { publicVpnKey } from '../../protocol/vpn-key.ts';
import { openFirewall } from './firewall.ts';
import { openLink } from './link.ts';
import type { HubOptions, HubTimes } from './options.ts';
import type { HubPeer } from './peers.ts';
import { createQueue } from './queue.ts';
import { createReconciler } from './reconcile.ts';

export type { HubOptions, HubTimes } from './options.ts';
export type { HubPeer } from './peers.ts';

/** The VPN's hub: one WireGuard interface whose peers follow the database. */
export interface Hub {
  /** Adds a peer, or gives one that is there this address and pre-shared key. */
  setPeer(peer: HubPeer): Promise<void>;
  removePeer(publicKey: string): Promise<void>;
  readonly kind: 'kernel' | 'wireguard-go';
  close(): Promise<void>;
}

/** @param staleSeconds shorter than its default for tests alone: where nothing else is sent, a tunnel that works shows a handshake every two minutes. */
export function planTimes(staleSeconds = 300): HubTimes {
  return { reconcileSeconds: Math.min(60, staleSeconds / 4), staleSeconds, reviveSeconds: 2 * staleSeconds };
}

/**
 * Opens the hub with all of its peers: the packet filter first, so that at no moment a card reaches another.
 * @throws {Failure} when this machine can't be a hub: no WireGuard, no packet filter, not enough rights.
 */
export async function openHub(options: HubOptions, times: HubTimes = planTimes()): Promise<Hub> {
  checkName(options.interface);
  const queue = createQueue();
  const firewall = await openFirewall(options);
  const link = await openLink(options, publicVpnKey(options.privateKey)).catch(async (error) => {
    await firewall.close();
    throw error;
  });
  const close = async () => {
    await link.close();
    await firewall.close();
  };
  const reconciler = createReconciler(options, times, link, firewall);
  try {
    await queue.run(reconciler.reconcile);
  } catch (error) {
    await close();
    throw error;
  }
  const timer = setInterval(() => {
    queue.run(reconciler.reconcile).catch((error: Error) => options.log('cannot compare the hub with the database', { err: error }));
  }, times.reconcileSeconds * 1000);
  options.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return {
    kind: link.kind,
    setPeer: (peer) => queue.run(() => reconciler.setPeer(peer)),
    removePeer: (publicKey) => queue.run(() => reconciler.removePeer(publicKey)),
    close() {
      clearInterval(timer);
      return queue.finish(close);
    },
  };
}

/** The name is written into rules and commands. */
function checkName(name: string): void {
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(name)) {
    throw new Failure(`Cannot open the VPN: "${name}" is no name for its interface`, {
      hint: 'Up to 15 small letters, digits and "-", such as "semeur0"',
    });
  }
}
