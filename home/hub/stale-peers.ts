import type { HubTimes } from './options.ts';
import type { ShownPeer } from './peers.ts';

interface Seen {
  readonly handshake: number;
  /** When it may be removed and added again. */
  readonly due: number;
}

export interface StalePeers {
  /** @param now in seconds, of a clock that only goes on. @returns the keys of those to remove and add again now. */
  take(peers: readonly ShownPeer[], now: number): ReadonlySet<string>;
}

/**
 * WireGuard takes no handshake that is dated before the last one, so a card whose clock was ahead once is shut out until that date (TAI64N).
 * A peer that is removed and added again has no last one. It costs nothing: after three minutes without a handshake there is no session to lose.
 * Each has a time of its own, at random, so that thousands of silent cards aren't touched at once.
 */
export function createStalePeers(
  { staleSeconds, reviveSeconds }: Pick<HubTimes, 'staleSeconds' | 'reviveSeconds'>,
  random = Math.random,
): StalePeers {
  let seen = new Map<string, Seen>();
  return {
    take(peers, now) {
      const stale = new Set<string>();
      const next = new Map<string, Seen>();
      for (const { publicKey, handshake } of peers) {
        const known = seen.get(publicKey);
        // One that was added again has no handshake (0) and is still the silent peer it was.
        const silent = known !== undefined && (handshake === known.handshake || handshake === 0);
        const first = { handshake, due: now + staleSeconds * (1 + random()) };
        const isDue = silent && now >= known.due;
        if (isDue) stale.add(publicKey);
        next.set(publicKey, !silent ? first : isDue ? { ...known, handshake: 0, due: now + reviveSeconds * (1 + random() / 2) } : known);
      }
      seen = next;
      return stale;
    },
  };
}
