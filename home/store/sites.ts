import type { Database } from './database.ts';

/** In the caller's transaction. */
export function keepDomains(database: Database, client: string, domains: readonly string[]): void {
  database.sql('DELETE FROM domains WHERE client = ?').run(client);
  for (const domain of domains) database.sql('INSERT INTO domains (client, domain) VALUES (?, ?) ON CONFLICT DO NOTHING').run(client, domain);
}

/**
 * @returns the address of the card with the site of this name, once it has confirmed; undefined where there is none. A name that two clients' cards
 * have leads to neither: which of them it is, the operators have to say.
 */
export function findSite(database: Database, domain: string): string | undefined {
  const rows = database
    .sql(
      `SELECT peers.address FROM domains JOIN peers ON peers.client = domains.client JOIN claims ON claims.token_sha256 = peers.token_sha256
       WHERE domain = ? AND kind = 'card' AND confirmed_at IS NOT NULL`,
    )
    .all(domain);
  return rows.length === 1 ? String(rows[0]?.['address']) : undefined;
}
