import type { Database } from './database.ts';
import { type PeerChanges, removePeers } from './peers.ts';

/** A card that the tunnel's source address tells. */
export interface Card {
  readonly client: string;
  readonly hostname: string;
  readonly publicKey: string;
  readonly address: string;
  readonly hostKey: string;
  readonly certificate: string | null;
  /** Milliseconds since 1970. */
  readonly certificateExpires: number | null;
  readonly serial: string;
  readonly isConfirmed: boolean;
}

/** Keeps in memory what findCard() finds, for as long as nothing durable is written: that is three tables for each heartbeat. */
export function createCardFinder(database: Database): (address: string) => Card | undefined {
  const found = new Map<string, Card>();
  let count = database.durableCount;
  return (address) => {
    if (count !== database.durableCount) found.clear();
    count = database.durableCount;
    const card = found.get(address) ?? findCard(database, address);
    if (card) found.set(address, card);
    return card;
  };
}

export function findCard(database: Database, address: string): Card | undefined {
  const row = database
    .sql(
      `SELECT peers.client, hostname, peers.public_key AS publicKey, peers.address, host_key AS hostKey, certificate,
         certificate_expires AS certificateExpires, serial, confirmed_at AS confirmedAt
       FROM peers JOIN claims USING (token_sha256) JOIN clients ON clients.client = peers.client
       WHERE peers.address = ? AND kind = 'card'`,
    )
    .get(address);
  return row && ({ ...row, isConfirmed: row['confirmedAt'] !== null } as unknown as Card);
}

/**
 * The card has shown that it holds its key: whatever else was the client's is dead, seed and earlier card. One transaction, on the disk before
 * it returns; a second time changes nothing.
 */
export function confirmCard(database: Database, { client, publicKey, isConfirmed }: Card, now: number): PeerChanges {
  if (isConfirmed) return { added: [], removed: [] };
  return database.durably(() => {
    const { tokenSha256 } = database.sql('SELECT token_sha256 AS tokenSha256 FROM peers WHERE public_key = ?').get(publicKey) as {
      tokenSha256: string;
    };
    database.sql('UPDATE claims SET confirmed_at = ?, diagnosis = NULL WHERE token_sha256 = ?').run(now, tokenSha256);
    database.sql("UPDATE orders SET state = iif(token_sha256 = ?1, 'confirmed', 'reissued') WHERE client = ?2").run(tokenSha256, client);
    database.sql("UPDATE clients SET state = 'confirmed', state_since = ? WHERE client = ?").run(now, client);
    return { added: [], removed: removePeers(database, client, publicKey) };
  });
}
