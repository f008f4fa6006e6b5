import { PLACED_TROUBLES } from '../../protocol/status.ts';
import { UNSEEN_ALARMS } from './alarms.ts';
import type { Database } from './database.ts';
import { type FleetEntry, listClients, STATE } from './fleet.ts';

export interface Search {
  readonly state?: FleetEntry['state'] | undefined;
  readonly onlyAlarms: boolean;
  /** Part of the client's name or of its host name; '': any. */
  readonly text: string;
  /** From 1. */
  readonly page: number;
}

export interface Found {
  readonly entries: readonly FleetEntry[];
  /** How many there are on all pages. */
  readonly total: number;
  /** The one that was asked for, or the first if there is none such. */
  readonly page: number;
  readonly pages: number;
}

export const ON_A_PAGE = 50;

/** What its services say went wrong. */
const TROUBLED = `(${PLACED_TROUBLES.map((path) => `h.body ->> '$.${path}' = 1`).join(' OR ')} OR EXISTS (
  SELECT 1 FROM json_each(h.body, '$.status') AS service, json_each(service.value, '$.troubles') AS trouble WHERE trouble.value = 1))`;

/** What a card says of itself that somebody should look at. */
const AILS = `(h.body ->> 'report' = 'needs-help' OR h.body ->> '$.failedUnits[0]' IS NOT NULL OR h.body ->> '$.illServices[0]' IS NOT NULL
  OR ${TROUBLED} OR h.body ->> 'underVoltage' = 1)`;

/** Whom to look after first: alarms, then what doesn't work, then what isn't there yet, then what is well. */
const TROUBLE = `CASE
  WHEN alarms > 0 THEN 0
  WHEN state = 'revoked' THEN 4
  WHEN state IN ('silent', 'claimed-no-tunnel') OR ails THEN 1
  WHEN state <> 'well' THEN 2
  ELSE 3 END`;

const MATCHING = `
  WITH cards AS (
    SELECT c.client, ${STATE} AS state, ${UNSEEN_ALARMS} AS alarms, coalesce(${AILS}, 0) AS ails
    FROM clients AS c LEFT JOIN heartbeats AS h ON h.client = c.client
    WHERE :text = '' OR instr(c.client, :text) > 0 OR instr(c.hostname, :text) > 0)
  SELECT client, count(*) OVER () AS total FROM cards
  WHERE (:state = '' OR state = :state) AND (NOT :onlyAlarms OR alarms > 0)
  ORDER BY ${TROUBLE}, client LIMIT ${ON_A_PAGE} OFFSET :offset`;

/** A page of the fleet, those in trouble first. Only what is on it is read in full: a fleet may have ten thousand cards. */
export function searchFleet(database: Database, search: Search, now: number): Found {
  const { state, onlyAlarms, text, page } = search;
  const offset = (page - 1) * ON_A_PAGE;
  const rows = database.sql(MATCHING).all({ now, state: state ?? '', onlyAlarms: Number(onlyAlarms), text: text.toLowerCase(), offset });
  // Cards that were on it may have gone meanwhile.
  if (rows.length === 0 && page > 1) return searchFleet(database, { ...search, page: 1 }, now);
  const total = Number(rows[0]?.['total'] ?? 0);
  const entries = listClients(
    database,
    rows.map(({ client }) => String(client)),
    now,
  );
  return { entries, total, page, pages: Math.ceil(total / ON_A_PAGE) };
}
