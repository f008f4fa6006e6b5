import type { HubPeer } from './peers.ts';

export interface HubOptions {
  readonly interface: string;
  /** base64, as wg(8) has it. */
  readonly privateKey: string;
  readonly vpnPort: number;
  /** The hub's own, final and nursery: "…/128". */
  readonly addresses: readonly string[];
  /** "fd…::/48" */
  readonly prefix: string;
  /** The endpoints' ports: those that aren't vpnPort are led to it. */
  readonly ports: readonly number[];
  readonly firewall: boolean;
  readonly log: (message: string, facts?: object) => void;
  /** Those that should be there, from the database: for the start and the reconciler. */
  readonly peers: () => readonly HubPeer[];
  readonly signal: AbortSignal;
}

export interface HubTimes {
  readonly reconcileSeconds: number;
  /** A peer without a handshake for so long, or up to twice as long, is removed and added again. */
  readonly staleSeconds: number;
  /** The least time between two such attempts for one peer. */
  readonly reviveSeconds: number;
}
