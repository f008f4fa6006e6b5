import type { Heartbeat } from '../../protocol/requests.ts';
import type { AlarmKind } from './alarms.ts';
import type { Database } from './database.ts';
import { type FleetEntry, SINCE, STATE } from './fleet.ts';
import { SILENT_AFTER } from './heartbeats.ts';

/** A client's card, as those who watch the fleet by numbers want it. Times in seconds since 1970. */
export interface WatchedCard {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  readonly generation: number;
  readonly state: FleetEntry['state'];
  readonly stateSince: number;
  readonly lastHeartbeat: number | undefined;
  readonly certificateExpires: number | undefined;
  /** What the last heartbeat said, while it is still true: not of a card that is silent or revoked. */
  readonly health: Heartbeat | undefined;
  /** Seconds that the card's clock was ahead of home's then. */
  readonly clockOffset: number | undefined;
}

interface Row {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  readonly state: FleetEntry['state'];
  readonly stateSince: number;
  readonly generation: number;
  readonly certificateExpires: number | null;
  readonly heartbeatAt: number | null;
  readonly body: string | null;
}

/** In pages, so that heartbeats get their turn in between. @param after the last client of the page before. */
export function pageWatchedCards(database: Database, after: string, most: number, now: number): WatchedCard[] {
  const rows = database
    .sql(
      `SELECT c.client, c.hostname, c.profile, ${STATE} AS state, ${SINCE} AS stateSince,
         (SELECT max(generation) FROM orders WHERE orders.client = c.client AND orders.state <> 'reissued') AS generation,
         k.certificate_expires AS certificateExpires, h.at AS heartbeatAt, h.body
       FROM clients AS c
         LEFT JOIN heartbeats AS h ON h.client = c.client
         LEFT JOIN claims AS k ON k.token_sha256 =
           (SELECT token_sha256 FROM peers JOIN claims USING (token_sha256) WHERE peers.client = c.client AND kind = 'card' ORDER BY confirmed_at DESC LIMIT 1)
       WHERE c.client > :after ORDER BY c.client LIMIT :most`,
    )
    .all({ after, most, now });
  return rows.map((row) => describe(row as unknown as Row, now));
}

function describe({ heartbeatAt, body, certificateExpires, stateSince, ...row }: Row, now: number): WatchedCard {
  // Where a client's next image waits, the card before still calls.
  const isTrue = heartbeatAt !== null && row.state !== 'revoked' && now - heartbeatAt <= SILENT_AFTER;
  const health = isTrue && body !== null ? (JSON.parse(body) as Heartbeat) : undefined;
  return {
    ...row,
    stateSince: stateSince / 1000,
    lastHeartbeat: heartbeatAt === null ? undefined : heartbeatAt / 1000,
    certificateExpires: health?.certificateExpires ?? (certificateExpires === null ? undefined : certificateExpires / 1000),
    health,
    clockOffset: health && health.clock - Math.floor((heartbeatAt ?? 0) / 1000),
  };
}

export interface CardTarget {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  readonly generation: number;
  readonly address: string;
}

/** The cards that can be asked for metrics of their own: one of each client at most, since a confirm ends the card before. */
export function pageCardTargets(database: Database, after: string, most: number): CardTarget[] {
  return database
    .sql(
      `SELECT p.client, c.hostname, c.profile, o.generation, k.address
       FROM peers AS p JOIN claims AS k USING (token_sha256, address) JOIN orders AS o USING (token_sha256) JOIN clients AS c ON c.client = p.client
       WHERE p.kind = 'card' AND k.confirmed_at IS NOT NULL AND p.client > ? ORDER BY p.client LIMIT ?`,
    )
    .all(after, most) as unknown as CardTarget[];
}

export interface AlarmCount {
  readonly client: string;
  readonly kind: AlarmKind;
  readonly times: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

export function countAlarms(database: Database): AlarmCount[] {
  return database
    .sql('SELECT client, kind, sum(times) AS times, max(last_at) AS lastAt FROM alarms GROUP BY client, kind ORDER BY client, kind')
    .all() as unknown as AlarmCount[];
}

export function countPeersByKind(database: Database): Readonly<Record<'seed' | 'card', number>> {
  const rows = database.sql('SELECT kind, count(*) AS count FROM peers GROUP BY kind').all();
  return { seed: 0, card: 0, ...Object.fromEntries(rows.map((row) => [String(row['kind']), Number(row['count'])])) };
}
