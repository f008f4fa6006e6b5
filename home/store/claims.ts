import { createHash, randomBytes } from 'node:crypto';
import type { FleetNetwork } from '../../protocol/addresses.ts';
import type { ClaimRequest } from '../../protocol/requests.ts';
import { Refusal } from '../limits/refusal.ts';
import { raiseAlarm } from './alarms.ts';
import type { Database } from './database.ts';
import { addPeer, findPeer, isKnownKey, type Peer } from './peers.ts';

/** Where a claim came from: through the tunnel from this nursery address, or over the internet. */
export type ClaimSource = { readonly way: 'nursery'; isAddress(nurseryAddress: string): boolean } | { readonly way: 'public' };

/** A claim that stands, as far as the database knows it. */
export interface StandingClaim {
  readonly client: string;
  readonly hostname: string;
  readonly peer: Peer;
  readonly address: string;
  readonly hostKey: string;
  /** null: to be signed. */
  readonly certificate: string | null;
  readonly isNew: boolean;
}

interface OrderRow {
  readonly tokenSha256: string;
  readonly client: string;
  readonly hostname: string;
  readonly generation: number;
  readonly nurseryAddress: string;
  readonly tokenExpires: number;
  readonly state: 'open' | 'claimed' | 'confirmed' | 'reissued' | 'revoked';
}

interface ClaimRow {
  readonly publicKey: string;
  readonly address: string;
  readonly hostKey: string;
  readonly certificate: string | null;
  readonly serial: string;
  readonly diagnosis: string | null;
}

/**
 * Takes a claim: one transaction, on the disk before it returns. The same pair of token and key gets the same again.
 * @throws {Refusal}
 */
export function takeClaim(database: Database, network: FleetNetwork, request: ClaimRequest, source: ClaimSource, now: number): StandingClaim {
  const order = findOrder(database, createHash('sha256').update(request.token).digest('hex'));
  if (!order) throw new Refusal('unknown-token');
  const row = findClaim(database, order.tokenSha256);
  if (order.state === 'revoked' || order.state === 'reissued') {
    // People want to know of a card that is out there with a dead image, whoever used it first.
    if (row?.publicKey !== request.publicKey) noteSecondCard(database, order, row, request, now);
    throw new Refusal(order.state);
  }
  const belongs = source.way === 'public' || source.isAddress(order.nurseryAddress);
  if (!belongs || request.generation !== order.generation) throw new Refusal('mismatch');
  if (row && row.publicKey !== request.publicKey) throw new Refusal('token-used', noteSecondCard(database, order, row, request, now));
  if (row) return repeatClaim(database, order, row, request, source, now);
  if (order.tokenExpires <= now) throw new Refusal('expired');
  if (isKnownKey(database, request.publicKey)) throw new Refusal('key-known');
  return database.durably(() => newClaim(database, network, order, request, source, now));
}

function newClaim(
  database: Database,
  network: FleetNetwork,
  order: OrderRow,
  request: ClaimRequest,
  source: ClaimSource,
  now: number,
): StandingClaim {
  const { number } = database.sql('SELECT coalesce(max(number), 0) + 1 AS number FROM claims').get() as { number: number };
  const { client, hostname, tokenSha256 } = order;
  const { publicKey, hostKey, inventory } = request;
  const address = network.card(number);
  database
    .sql(
      `INSERT INTO claims (token_sha256, client, public_key, number, address, host_key, serial, inventory, diagnosis, claimed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(tokenSha256, client, publicKey, number, address, hostKey, inventory.serial, JSON.stringify(inventory), diagnosisOf(request, source), now);
  database.sql("UPDATE orders SET state = 'claimed' WHERE token_sha256 = ?").run(tokenSha256);
  setState(database, client, source, now);
  const presharedKey = randomBytes(32).toString('base64');
  const peer = addPeer(database, { publicKey, presharedKey, address, client, tokenSha256, kind: 'card' });
  return { client, hostname, peer, address, hostKey, certificate: null, isNew: true };
}

/** Until it is confirmed, the card may still change its host key and its way; afterwards what is written stands. */
function repeatClaim(database: Database, order: OrderRow, row: ClaimRow, request: ClaimRequest, source: ClaimSource, now: number): StandingClaim {
  const peer = findPeer(database, row.publicKey);
  // Its successor is confirmed.
  if (!peer) throw new Refusal('reissued');
  const { client, hostname } = order;
  const standing = { client, hostname, peer, address: row.address, hostKey: row.hostKey, certificate: row.certificate, isNew: false };
  const diagnosis = diagnosisOf(request, source);
  const isSame = row.hostKey === request.hostKey;
  if (order.state === 'confirmed' || (isSame && row.diagnosis === diagnosis)) return standing;
  const certificate = isSame ? row.certificate : null;
  database.durably(() => {
    database
      .sql('UPDATE claims SET host_key = ?, certificate = ?, diagnosis = ? WHERE token_sha256 = ?')
      .run(request.hostKey, certificate, diagnosis, order.tokenSha256);
    setState(database, client, source, now);
  });
  return { ...standing, hostKey: request.hostKey, certificate };
}

/** Serial numbers can be guessed: they help people to find the cards, and prove nothing. */
function noteSecondCard(database: Database, { client }: OrderRow, row: ClaimRow | undefined, { inventory }: ClaimRequest, now: number) {
  const facts = { first: row?.serial ?? 'none', second: inventory.serial };
  database.durably(() => raiseAlarm(database, { kind: 'second-card', client, facts }, now));
  return facts;
}

/** Keeps a certificate where there is none yet. @returns the one that stands; undefined if the claim has another host key by now. */
export function keepCertificate(database: Database, publicKey: string, hostKey: string, line: string, expires: number): string | undefined {
  return database.durably(() => {
    database
      .sql('UPDATE claims SET certificate = ?, certificate_expires = ? WHERE public_key = ? AND host_key = ? AND certificate IS NULL')
      .run(line, expires, publicKey, hostKey);
    const row = database.sql('SELECT certificate FROM claims WHERE public_key = ? AND host_key = ?').get(publicKey, hostKey);
    return row && String(row['certificate']);
  });
}

/** In the place of one that is half spent. */
export function renewCertificate(database: Database, publicKey: string, line: string, expires: number): void {
  database.durably(() =>
    database.sql('UPDATE claims SET certificate = ?, certificate_expires = ? WHERE public_key = ?').run(line, expires, publicKey),
  );
}

function diagnosisOf({ diagnosis }: ClaimRequest, source: ClaimSource): string | null {
  return source.way === 'public' ? (diagnosis ?? 'no-handshake') : null;
}

function setState(database: Database, client: string, source: ClaimSource, now: number): void {
  const state = source.way === 'public' ? 'claimed-no-tunnel' : 'claimed';
  database.sql('UPDATE clients SET state = ?1, state_since = ?2 WHERE client = ?3 AND state <> ?1').run(state, now, client);
}

function findOrder(database: Database, tokenSha256: string): OrderRow | undefined {
  return database
    .sql(
      `SELECT token_sha256 AS tokenSha256, client, hostname, generation, nursery_address AS nurseryAddress, token_expires AS tokenExpires, orders.state
       FROM orders JOIN clients USING (client) WHERE token_sha256 = ?`,
    )
    .get(tokenSha256) as OrderRow | undefined;
}

function findClaim(database: Database, tokenSha256: string): ClaimRow | undefined {
  return database
    .sql('SELECT public_key AS publicKey, address, host_key AS hostKey, certificate, serial, diagnosis FROM claims WHERE token_sha256 = ?')
    .get(tokenSha256) as ClaimRow | undefined;
}
