import type { Heartbeat } from '../../protocol/requests.ts';
import { type AlarmEntry, listAlarms, UNSEEN_ALARMS } from './alarms.ts';
import type { Database } from './database.ts';
import { SILENT_AFTER } from './heartbeats.ts';

export const STATES = ['ordered', 'claimed', 'claimed-no-tunnel', 'confirmed', 'well', 'silent', 'revoked'] as const;

export interface FleetEntry {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  /** Whom operators have to do with: texts by key, such as "phone". */
  readonly about: Readonly<Record<string, string>>;
  /** "silent" is not kept: it is what a card is that called once and doesn't any more. */
  readonly state: (typeof STATES)[number];
  readonly since: string;
  readonly generation: number;
  /** Where a card answers: the one that home confirmed last, else the one that has claimed. */
  readonly address: string | null;
  readonly serial: string | null;
  readonly diagnosis: string | null;
  readonly lastHeartbeat: string | null;
  readonly health: Heartbeat | null;
  /** Those that no operator has looked into. */
  readonly alarms: number;
}

export interface FleetDetails extends FleetEntry {
  readonly inventory: unknown;
  /** The public half of its SSH key, as authorized_keys takes it: of the card that "address" tells. */
  readonly hostKey: string | null;
  readonly claimed: string | null;
  readonly confirmed: string | null;
  readonly certificateExpires: string | null;
  readonly report: { readonly at: string; readonly text: string } | null;
  readonly alarmList: readonly AlarmEntry[];
  /** The newest first; a silence only once it has ended. */
  readonly history: readonly { readonly at: string; readonly state: FleetEntry['state'] }[];
}

/** Confirmed cards call; since the last call, or since they were confirmed, it may be long. */
const IS_SILENT = `(c.state IN ('confirmed', 'well') AND max(coalesce(h.at, 0), c.state_since) < :now - ${SILENT_AFTER})`;
export const STATE = `iif(${IS_SILENT}, 'silent', c.state)`;
export const SINCE = `iif(${IS_SILENT}, max(coalesce(h.at, 0), c.state_since), c.state_since)`;

const ENTRIES = `
  SELECT c.client, c.hostname, c.profile, c.about, ${STATE} AS state, ${SINCE} AS since,
    o.generation, coalesce(live.address, k.address) AS address, coalesce(live.host_key, k.host_key) AS host_key,
    k.serial, k.inventory, k.diagnosis, k.claimed_at, k.confirmed_at, k.certificate_expires,
    h.at AS heartbeat_at, h.body AS heartbeat, r.at AS report_at, r.text AS report,
    ${UNSEEN_ALARMS} AS alarms
  FROM clients AS c
    JOIN orders AS o ON o.client = c.client AND o.generation = (
      SELECT max(generation) FROM orders WHERE orders.client = c.client AND orders.state <> 'reissued')
    LEFT JOIN peers AS p ON p.client = c.client AND p.kind = 'card' AND p.token_sha256 = coalesce(
      (SELECT token_sha256 FROM peers WHERE peers.client = c.client AND kind = 'card' AND token_sha256 = o.token_sha256),
      (SELECT token_sha256 FROM peers WHERE peers.client = c.client AND kind = 'card'))
    LEFT JOIN claims AS k ON k.token_sha256 = p.token_sha256
    LEFT JOIN claims AS live ON live.confirmed_at IS NOT NULL AND live.token_sha256 = (
      SELECT peers.token_sha256 FROM peers JOIN claims USING (token_sha256, address, client) WHERE peers.client = c.client AND confirmed_at IS NOT NULL)
    LEFT JOIN heartbeats AS h ON h.client = c.client
    LEFT JOIN reports AS r ON r.client = c.client`;

export function listFleet(database: Database, now: number): FleetEntry[] {
  return database
    .sql(`${ENTRIES} ORDER BY c.client`)
    .all({ now })
    .map((row) => describe(row as unknown as Row));
}

/** These clients, in this order. */
export function listClients(database: Database, clients: readonly string[], now: number): FleetEntry[] {
  return database
    .sql(`${ENTRIES} JOIN json_each(:clients) AS wanted ON wanted.value = c.client ORDER BY wanted.key`)
    .all({ now, clients: JSON.stringify(clients) })
    .map((row) => describe(row as unknown as Row));
}

export function showCard(database: Database, client: string, now: number): FleetDetails | undefined {
  const row = database.sql(`${ENTRIES} WHERE c.client = :client`).get({ client, now }) as Row | undefined;
  if (!row) return undefined;
  const history = database.sql('SELECT at, state FROM state_changes WHERE client = ? ORDER BY id DESC').all(client);
  return {
    ...describe(row),
    inventory: row.inventory === null ? null : JSON.parse(row.inventory),
    hostKey: row.host_key,
    claimed: date(row.claimed_at),
    confirmed: date(row.confirmed_at),
    certificateExpires: date(row.certificate_expires),
    report: row.report === null ? null : { at: date(row.report_at) ?? '', text: row.report },
    alarmList: listAlarms(database, client),
    history: history.map(({ at, state }) => ({ at: date(Number(at)) ?? '', state: state as FleetEntry['state'] })),
  };
}

interface Row {
  readonly client: string;
  readonly hostname: string;
  readonly profile: string;
  readonly about: string;
  readonly state: FleetEntry['state'];
  readonly since: number;
  readonly generation: number;
  readonly address: string | null;
  readonly host_key: string | null;
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

function describe(row: Row): FleetEntry {
  const { client, hostname, profile, state, generation, address, serial, diagnosis, alarms } = row;
  return {
    ...{ client, hostname, profile, state, generation, address, serial, diagnosis, alarms },
    about: JSON.parse(row.about),
    since: date(row.since) ?? '',
    lastHeartbeat: date(row.heartbeat_at),
    health: row.heartbeat === null ? null : JSON.parse(row.heartbeat),
  };
}

function date(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
