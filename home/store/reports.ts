import type { CardReport } from '../../protocol/requests.ts';
import type { Database } from './database.ts';

/** The host key that the client's card showed when it claimed; undefined for a client that has none, or has been revoked. */
export function findHostKey(database: Database, client: string): string | undefined {
  const row = database
    .sql(
      `SELECT host_key AS hostKey FROM peers JOIN claims USING (token_sha256)
       WHERE peers.client = ? AND kind = 'card' ORDER BY claimed_at DESC LIMIT 1`,
    )
    .get(client);
  return row && String(row['hostKey']);
}

/** The last one alone is kept. */
export function keepReport(database: Database, { client, text }: CardReport, now: number): void {
  database.durably(() =>
    database
      .sql('INSERT INTO reports (client, at, text) VALUES (?1, ?2, ?3) ON CONFLICT (client) DO UPDATE SET at = ?2, text = ?3')
      .run(client, now, text),
  );
}
