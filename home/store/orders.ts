import { canonicalAddress } from '../../protocol/addresses.ts';
import type { Order } from '../../protocol/order.ts';
import { type OrderReason, raiseAlarm } from './alarms.ts';
import type { Database } from './database.ts';
import { addPeer, isKnownKey, type PeerChanges, removePeers } from './peers.ts';
import { keepDomains } from './sites.ts';

type Known = { readonly state: string; readonly generation: number };

const NOTHING: PeerChanges = { added: [], removed: [] };

/**
 * Takes in what the operators say of a client, within the caller's transaction. A higher generation ends what was issued and not confirmed;
 * a card that is confirmed lives until its successor is.
 */
export function takeOrder(database: Database, order: Order, now: number): PeerChanges {
  const known = database.sql('SELECT generation, state FROM orders WHERE token_sha256 = ?').get(order.tokenSha256) as Known | undefined;
  const newest = findNewest(database, order.client);
  // An older one that comes again is no word on the one in its place.
  if (known) return updateOrder(database, order, known.state === 'reissued' && known.generation !== newest?.generation ? 'old' : known.state, now);
  if (newest && order.generation <= newest.generation) return refuseOrder(database, order, 'known-generation', now);
  if (isKnownKey(database, order.publicKey)) return refuseOrder(database, order, 'used-key', now);
  const nursery = canonicalAddress(order.nurseryAddress);
  if (database.sql('SELECT 1 FROM peers WHERE address = ?').get(nursery)) return refuseOrder(database, order, 'taken-address', now);
  if (order.renewed && newest && newest.state !== 'open') return putAside(database, order, nursery, now);
  database
    .sql(
      `INSERT INTO clients (client, hostname, language, profile, about, state, state_since) VALUES (?1, ?2, ?3, ?4, ?5, 'ordered', ?6)
       ON CONFLICT (client) DO UPDATE SET hostname = ?2, language = ?3, profile = ?4, about = ?5, state = 'ordered', state_since = ?6`,
    )
    .run(order.client, order.hostname, order.language, order.profile, JSON.stringify(order.about ?? {}), now);
  keepDomains(database, order.client, order.domains ?? []);
  const removed = endUnconfirmed(database, order.client);
  keepOrder(database, order, nursery, order.revoked ? 'revoked' : 'open');
  if (order.revoked) return { added: [], removed: [...removed, ...revoke(database, order.client, now)] };
  const { client, publicKey, presharedKey, tokenSha256 } = order;
  const peer = { client, publicKey, presharedKey, tokenSha256, address: nursery, kind: 'seed' } as const;
  return { added: [addPeer(database, peer)], removed };
}

function findNewest(database: Database, client: string): Known | undefined {
  return database.sql('SELECT generation, state FROM orders WHERE client = ? ORDER BY generation DESC LIMIT 1').get(client) as Known | undefined;
}

function keepOrder(database: Database, { tokenSha256, client, generation, tokenExpires }: Order, nursery: string, state: string): void {
  database
    .sql('INSERT INTO orders (token_sha256, client, generation, nursery_address, token_expires, state) VALUES (?, ?, ?, ?, ?, ?)')
    .run(tokenSha256, client, generation, nursery, Date.parse(tokenExpires), state);
}

/** A token that was renewed because it had ended, though a card had called with it: the card lives on, and what was renewed opens nothing. */
function putAside(database: Database, order: Order, nursery: string, now: number): PeerChanges {
  keepOrder(database, order, nursery, 'reissued');
  return updateOrder(database, order, 'reissued', now);
}

/** The same order again: the client may be called otherwise, or be revoked. */
function updateOrder(database: Database, order: Order, state: string, now: number): PeerChanges {
  database
    .sql(
      `UPDATE clients SET hostname = ?2, language = ?3, profile = ?4, about = ?5
       WHERE client = ?1 AND (hostname, language, profile, about) <> (?2, ?3, ?4, ?5)`,
    )
    .run(order.client, order.hostname, order.language, order.profile, JSON.stringify(order.about ?? {}));
  keepDomains(database, order.client, order.domains ?? []);
  if (!order.revoked || state === 'revoked' || state === 'old') return NOTHING;
  const removed = revoke(database, order.client, now);
  database.sql("UPDATE orders SET state = 'revoked' WHERE token_sha256 = ?").run(order.tokenSha256);
  return { added: [], removed };
}

/** Everything of the client is dead at once: seeds, tokens, cards. */
function revoke(database: Database, client: string, now: number): string[] {
  database.sql("UPDATE clients SET state = 'revoked', state_since = ? WHERE client = ?").run(now, client);
  database.sql("UPDATE orders SET state = 'revoked' WHERE client = ? AND state <> 'reissued'").run(client);
  return removePeers(database, client);
}

function endUnconfirmed(database: Database, client: string): string[] {
  const removed = database
    .sql(
      `DELETE FROM peers WHERE client = ?1 AND token_sha256 IN (SELECT token_sha256 FROM orders WHERE client = ?1 AND state IN ('open', 'claimed'))
       RETURNING public_key AS publicKey`,
    )
    .all(client);
  database.sql("UPDATE orders SET state = 'reissued' WHERE client = ? AND state IN ('open', 'claimed')").run(client);
  return removed.map((row) => String(row['publicKey']));
}

/** Told once by an alarm, since orders are read again and again. */
function refuseOrder(database: Database, { client, generation }: Order, reason: OrderReason, now: number): PeerChanges {
  raiseAlarm(database, { kind: 'bad-order', client, facts: { generation, reason } }, now);
  return NOTHING;
}

/** A file among the orders that is none which this home can take. */
export interface BadOrder {
  readonly file: string;
  readonly reason: OrderReason;
  /** Which keys are wrong, never what they hold. */
  readonly keys: readonly string[];
}

/** Their clients are known by the files' names alone. Within the caller's transaction. */
export function noteBadOrders(database: Database, bad: readonly BadOrder[], now: number): void {
  for (const { file, reason, keys } of bad) {
    const facts = { file, reason, ...(keys.length > 0 ? { keys: keys.join(' ') } : {}) };
    raiseAlarm(database, { kind: 'bad-order', client: file.replace(/\.json$/, ''), facts }, now);
  }
}
