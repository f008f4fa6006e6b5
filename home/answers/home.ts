import type { FleetNetwork } from '../../protocol/addresses.ts';
import type { Card } from '../store/cards.ts';
import type { Database } from '../store/database.ts';
import type { Peer, PeerChanges } from '../store/peers.ts';
import type { Counts } from './counts.ts';
import type { HeartbeatQueue } from './heartbeat-queue.ts';
import type { HostCa } from './host-ca.ts';

/** What every answer of home is made from. */
export interface Home {
  /** The folder of home's state: the database, the host CA. */
  readonly folder: string;
  readonly database: Database;
  findCard(address: string): Card | undefined;
  readonly network: FleetNetwork;
  readonly hub: PeerKeeper;
  readonly hubKey: string;
  readonly hostCa: HostCa;
  readonly heartbeats: HeartbeatQueue;
  readonly sources: Sources;
  readonly counts: Counts;
  readonly log: Log;
}

/** The part of a hub (home/hub/) that follows the database. */
export interface PeerKeeper {
  readonly kind: string;
  setPeer(peer: Peer): Promise<void>;
  removePeer(publicKey: string): Promise<void>;
  close(): Promise<void>;
}

export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What a connection's source address says. */
export interface Sources {
  isNursery(remote: string, nurseryAddress: string): boolean;
  /** The final address that it stands for; undefined for anything else. */
  cardAddress(remote: string): string | undefined;
  /** May it see how the whole fleet is? This machine itself, and operators. */
  isWatcher(remote: string): boolean;
  /** The same of operators. */
  operatorAddress(remote: string): string | undefined;
}

/** Only after the transaction is on the disk. What fails here is made good when the hub next compares itself with the database. */
export async function applyPeerChanges({ hub, log }: Pick<Home, 'hub' | 'log'>, { added, removed }: PeerChanges): Promise<void> {
  try {
    for (const publicKey of removed) await hub.removePeer(publicKey);
    for (const peer of added) await hub.setPeer(peer);
  } catch (error) {
    log.error({ err: error }, 'cannot tell the hub');
  }
}
