import { isIPv6 } from 'node:net';

export interface RateLimit {
  /** Takes one from the sender's store. @returns false when it is empty. */
  allows(remote: string, now: number): boolean;
  /** Whether allows() would say so: takes nothing. */
  isOpen(remote: string, now: number): boolean;
}

export interface RateLimitOptions {
  /** How many at once. */
  readonly burst: number;
  /** How many more each second. */
  readonly perSecond: number;
  /** Senders remembered; the one that was longest away is forgotten first. */
  readonly most: number;
}

interface Store {
  left: number;
  at: number;
}

/** A token bucket for each sender: an IPv4 address, or an IPv6 network of 64 bits, which one customer has. */
export function createRateLimit({ burst, perSecond, most }: RateLimitOptions, senderOf = customerOf): RateLimit {
  const stores = new Map<string, Store>();
  const leftOf = ({ left, at }: Store, now: number) => Math.min(burst, left + (Math.max(0, now - at) / 1000) * perSecond);
  return {
    isOpen(remote, now) {
      const store = stores.get(senderOf(remote));
      return store === undefined || leftOf(store, now) >= 1;
    },
    allows(remote, now) {
      const sender = senderOf(remote);
      const store = stores.get(sender) ?? { left: burst, at: now };
      // In the order of last use, so that the first is the one that was longest away.
      stores.delete(sender);
      stores.set(sender, store);
      if (stores.size > most) stores.delete(stores.keys().next().value ?? '');
      store.left = leftOf(store, now);
      store.at = now;
      if (store.left < 1) return false;
      store.left -= 1;
      return true;
    },
  };
}

/** Whom an address stands for: itself, or of IPv6 the network. */
export function customerOf(remote: string): string {
  const v4 = remote.replace(/^::ffff:(?=\d+\.)/, '');
  if (!isIPv6(v4)) return v4;
  const [head = '', tail] = v4.split('%', 1)[0]?.split('::') ?? [];
  const groups = head.split(':');
  return tail === undefined ? groups.slice(0, 4).join(':') : [...groups, '0', '0', '0', '0'].slice(0, 4).join(':');
}
