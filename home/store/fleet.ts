import type { Heartbeat } from '../requests.ts';
import type { Database } from './database.ts';

/** Milliseconds: three heartbeats missed. */
const SILENT_AFTER = 3 * 300_000;

export interface FleetEntry {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  /** "silent" is not kept: it is what a card is that called once and doesn't any more. */
  readonly state: 'ordered' | 'claimed' | 'claimed-no-tunnel' | 'confirmed' | 'well' | 'silent' | 'revoked';
  readonly since: string;
  readonly generation: number;
  /** Where a card answers: the one that home confirmed last, else the one that has claimed. */
  readonly address: string | null;
  readonly serial: string | null;
  readonly diagnosis: string | null;
  readonly lastHeartbeat: string | null;
  readonly health: Heartbeat | null;
  readonly alarms: number;
}

export interface FleetDetails extends FleetEntry {
  readonly inventory: unknown;
  readonly claimed: string | null;
  readonly confirmed: string | null;
  readonly certificateExpires: string | null;
  readonly report: { readonly at: string; readonly text: string } | null;
  readonly alarmList: readonly {
    readonly kind: string;
    readonly facts: unknown;
    readonly first: string;
    readonly last: string;
    readonly times: number;
  }[];
}

const ENTRIES = `
  SELECT c.client, c.hostname, c.profile, c.state, c.state_since, o.generation, coalesce(live.address, k.address) AS address, k.serial, k.inventory, k.diagnosis, k.claimed_at,
    k.confirmed_at, k.certificate_expires, h.at AS heartbeat_at, h.body AS heartbeat, r.at AS report_at, r.text AS report,
    (SELECT count(*) FROM alarms WHERE alarms.client = c.client) AS alarms
  FROM clients AS c
    JOIN orders AS o ON o.client = c.client AND o.generation = (SELECT max(generation) FROM orders WHERE orders.client = c.client)
    LEFT JOIN peers AS p ON p.client = c.client AND p.kind = 'card' AND p.token_sha256 = coalesce(
      (SELECT token_sha256 FROM peers WHERE peers.client = c.client AND kind = 'card' AND token_sha256 = o.token_sha256),
      (SELECT token_sha256 FROM peers WHERE peers.client = c.client AND kind = 'card'))
    LEFT JOIN claims AS k ON k.token_sha256 = p.token_sha256
    LEFT JOIN (SELECT address, client FROM peers JOIN claims USING (token_sha256, address, client) WHERE confirmed_at IS NOT NULL)
      AS live ON live.client = c.client
    LEFT JOIN heartbeats AS h ON h.client = c.client
    LEFT JOIN reports AS r ON r.client = c.client`;

export function listFleet(database: Database, now: number): FleetEntry[] {
  return database
    .sql(`${ENTRIES} ORDER BY c.client`)
    .all()
    .map((row) => describe(row as unknown as Row, now));
}

export function showCard(database: Database, client: string, now: number): FleetDetails | undefined {
  const row = database.sql(`${ENTRIES} WHERE c.client = ?`).get(client) as Row | undefined;
  if (!row) return undefined;
  const alarms = database.sql('SELECT kind, facts, first_at, last_at, times FROM alarms WHERE client = ? ORDER BY last_at DESC').all(client);
  return {
    ...describe(row, now),
    inventory: row.inventory === null ? null : JSON.parse(row.inventory),
    claimed: date(row.claimed_at),
    confirmed: date(row.confirmed_at),
    certificateExpires: date(row.certificate_expires),
    report: row.report === null ? null : { at: date(row.report_at) ?? '', text: row.report },
    alarmList: alarms.map((alarm) => ({
      kind: String(alarm['kind']),
      facts: JSON.parse(String(alarm['facts'])),
      first: date(Number(alarm['first_at'])) ?? '',
      last: date(Number(alarm['last_at'])) ?? '',
      times: Number(alarm['times']),
    })),
  };
}

interface Row {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  readonly state: FleetEntry['state'];
  readonly state_since: number;
  readonly generation: number;
  readonly address: string | null;
  readonly serial: string | null;
  readonly inventory: string | null;
  readonly diagnosis: string | null;
  readonly claimed_at: number | null;
  readonly confirmed_at: number | null;
  readonly certificate_expires: number | null;
  readonly heartbeat_at: number | null;
  readonly heartbeat: string | null;
  readonly report_at: number | null;
  readonly report: string | null;
  readonly alarms: number;
}

function describe(row: Row, now: number): FleetEntry {
  const { client, hostname, profile, generation, address, serial, diagnosis, alarms } = row;
  const lastSign = Math.max(row.heartbeat_at ?? 0, row.confirmed_at ?? 0);
  const silent = isSilent(row.state, lastSign, now);
  return {
    ...{ client, hostname, profile, generation, address, serial, diagnosis, alarms },
    state: silent ? 'silent' : row.state,
    since: date(silent ? lastSign : row.state_since) ?? '',
    lastHeartbeat: date(row.heartbeat_at),
    health: row.heartbeat === null ? null : JSON.parse(row.heartbeat),
  };
}

/** @param lastSign when it last called or confirmed. */
export function isSilent(state: FleetEntry['state'], lastSign: number, now: number): boolean {
  return (state === 'confirmed' || state === 'well') && now - lastSign > SILENT_AFTER;
}

function date(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
