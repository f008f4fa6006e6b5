import type { Database } from './database.ts';

/** A peer in the hub's form: the address has its "/128". */
export interface Peer {
  readonly publicKey: string;
  readonly presharedKey: string;
  readonly address: string;
}

/** What has to follow at the hub once a transaction is on the disk. */
export interface PeerChanges {
  readonly added: readonly Peer[];
  readonly removed: readonly string[];
}

export interface PeerRow extends Peer {
  readonly client: string;
  readonly tokenSha256: string;
  readonly kind: 'seed' | 'card';
}

export function listPeers(database: Database): Peer[] {
  const rows = database.sql('SELECT public_key AS publicKey, preshared_key AS presharedKey, address FROM peers').all();
  return rows.map((row) => withLength({ ...row } as unknown as Peer));
}

export function countPeers(database: Database): number {
  return Number(database.sql('SELECT count(*) AS count FROM peers').get()?.['count']);
}

/** @throws on a key or an address that another live peer has: they are UNIQUE. */
export function addPeer(database: Database, { publicKey, presharedKey, address, client, tokenSha256, kind }: PeerRow): Peer {
  database
    .sql('INSERT INTO peers (public_key, preshared_key, address, client, token_sha256, kind) VALUES (?, ?, ?, ?, ?, ?)')
    .run(publicKey, presharedKey, address, client, tokenSha256, kind);
  rememberKey(database, publicKey);
  return withLength({ publicKey, presharedKey, address });
}

/** All of a client's, or all but one. @returns their keys. */
export function removePeers(database: Database, client: string, butKey = ''): string[] {
  const rows = database.sql('DELETE FROM peers WHERE client = ? AND public_key <> ? RETURNING public_key AS publicKey').all(client, butKey);
  return rows.map((row) => String(row['publicKey']));
}

export function findPeer(database: Database, publicKey: string): Peer | undefined {
  const row = database.sql('SELECT public_key AS publicKey, preshared_key AS presharedKey, address FROM peers WHERE public_key = ?').get(publicKey);
  return row && withLength({ ...row } as unknown as Peer);
}

export function isKnownKey(database: Database, publicKey: string): boolean {
  return database.sql('SELECT 1 FROM known_keys WHERE public_key = ?').get(publicKey) !== undefined;
}

/** For ever, so that nobody takes it again. */
export function rememberKey(database: Database, publicKey: string): void {
  database.sql('INSERT OR IGNORE INTO known_keys (public_key) VALUES (?)').run(publicKey);
}

function withLength({ publicKey, presharedKey, address }: Peer): Peer {
  return { publicKey, presharedKey, address: `${address}/128` };
}
