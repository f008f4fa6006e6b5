import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

/**
 * What a download page's address is made of. Two capabilities, so that the image's address, which flashers and proxies keep in their logs, does not
 * open the page: `image` follows from `page`, and not the other way. 144 bits in 24 characters, base64url.
 */
export interface Capabilities {
  readonly page: string;
  readonly image: string;
}

export interface NewLink {
  readonly client: string;
  readonly language?: 'fr' | 'en' | undefined;
  /** Milliseconds since 1970, as all moments here. */
  readonly expires: number;
}

/** A link that somebody knows, and what became of the order that it is for. */
export interface DownloadLink {
  readonly client: string;
  readonly hostname: string;
  readonly language: 'fr' | 'en';
  readonly tokenSha256: string;
  readonly expires: number;
  readonly order: 'open' | 'claimed' | 'confirmed' | 'reissued' | 'revoked';
  readonly tokenExpires: number;
  readonly claimedAt: number | null;
  readonly confirmedAt: number | null;
  readonly heartbeatAt: number | null;
  /** What the last heartbeat said of the first boot: "done", "working" or "needs-help". */
  readonly report: string | null;
}

export function newCapabilities(): Capabilities {
  const page = randomBytes(18).toString('base64url');
  return { page, image: imageCapability(page) };
}

export function imageCapability(page: string): string {
  return createHash('sha256').update(`semeur image ${page}`).digest().subarray(0, 18).toString('base64url');
}

/**
 * Keeps the hashes of both, in the place of an earlier link of this client.
 * @returns false where nothing waits to be downloaded: no such client, or its card has called already.
 */
export function addLink(database: Database, { page, image }: Capabilities, { client, language, expires }: NewLink, now: number): boolean {
  return database.durably(() => {
    const order = database
      .sql("SELECT token_sha256 AS tokenSha256, language FROM orders JOIN clients USING (client) WHERE client = ? AND orders.state = 'open'")
      .get(client);
    if (!order) return false;
    database
      .sql(
        'INSERT OR REPLACE INTO download_links (client, token_sha256, page_sha256, image_sha256, language, added_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(client, String(order['tokenSha256']), hashOf(page), hashOf(image), language ?? String(order['language']), now, expires);
    return true;
  });
}

/** @returns false if there is none. */
export function removeLink(database: Database, client: string): boolean {
  return database.durably(() => database.sql('DELETE FROM download_links WHERE client = ?').run(client).changes !== 0);
}

export function listLinks(database: Database): Pick<DownloadLink, 'client' | 'expires' | 'order'>[] {
  return database
    .sql(
      'SELECT l.client, l.expires_at AS expires, o.state AS "order" FROM download_links AS l JOIN orders AS o USING (token_sha256) ORDER BY l.client',
    )
    .all() as unknown as Pick<DownloadLink, 'client' | 'expires' | 'order'>[];
}

/** By one of its capabilities. @param capability any text. */
export function findLink(database: Database, kind: keyof Capabilities, capability: string): DownloadLink | undefined {
  return database
    .sql(
      `SELECT l.client, c.hostname, l.language, l.token_sha256 AS tokenSha256, l.expires_at AS expires, o.state AS "order",
         o.token_expires AS tokenExpires, k.claimed_at AS claimedAt, k.confirmed_at AS confirmedAt, h.at AS heartbeatAt, h.body ->> 'report' AS report
       FROM download_links AS l JOIN clients AS c ON c.client = l.client JOIN orders AS o ON o.token_sha256 = l.token_sha256
         LEFT JOIN claims AS k ON k.token_sha256 = l.token_sha256
         LEFT JOIN heartbeats AS h ON h.client = l.client AND h.public_key = k.public_key
       WHERE l.${kind}_sha256 = ?`,
    )
    .get(hashOf(capability)) as DownloadLink | undefined;
}

/** Whether a card may still claim by it; undefined for an order that home doesn't know. */
export function isOpenOrder(database: Database, tokenSha256: string): boolean | undefined {
  const row = database.sql("SELECT state = 'open' AS isOpen FROM orders WHERE token_sha256 = ?").get(tokenSha256);
  return row && Number(row['isOpen']) === 1;
}

function hashOf(capability: string): string {
  return createHash('sha256').update(capability).digest('hex');
}
