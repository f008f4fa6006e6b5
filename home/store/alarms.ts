import type { Database } from './database.ts';

export type AlarmKind = 'second-card' | 'copied-card' | 'bad-order';

/** Why two cards must have one key. */
export type CopyReason = 'another-serial' | 'boot-counter-back' | 'two-boots-one-number' | 'earlier-boot-back';
/** Why home took no order out of a file. */
export type OrderReason = 'cannot-open' | 'not-as-agreed' | 'newer-home' | 'known-generation' | 'used-key' | 'taken-address';

export interface Alarm {
  readonly kind: AlarmKind;
  readonly client: string;
  /** Codes and what was found: the words for them are the page's. */
  readonly facts: Readonly<Record<string, string | number>> & { readonly reason?: CopyReason | OrderReason };
}

/** An alarm as operators read it. */
export interface AlarmEntry {
  readonly kind: string;
  readonly facts: unknown;
  readonly first: string;
  readonly last: string;
  readonly times: number;
  readonly seen: { readonly at: string; readonly by: string } | null;
}

/** A card that asks again and again with ever new facts is one alarm that rises, not a full disk. */
const MOST_PER_CLIENT = 20;
/** A whole folder of orders may be wrong: the first ones tell why. */
const MOST_STRAY = 50;

/** Within the caller's transaction. The same facts again are counted, not repeated. */
export function raiseAlarm(database: Database, { kind, client, facts }: Alarm, now: number): void {
  const text = JSON.stringify(facts);
  const again = database
    .sql('UPDATE alarms SET times = times + 1, last_at = ?1, seen_at = NULL, seen_by = NULL WHERE kind = ?2 AND client = ?3 AND facts = ?4')
    .run(now, kind, client, text);
  if (again.changes !== 0) return;
  const { count } = database.sql('SELECT count(*) AS count FROM alarms WHERE kind = ? AND client = ?').get(kind, client) as { count: number };
  if (count >= MOST_PER_CLIENT) {
    database
      .sql(
        'UPDATE alarms SET times = times + 1, last_at = ?1, seen_at = NULL, seen_by = NULL WHERE id = (SELECT max(id) FROM alarms WHERE kind = ?2 AND client = ?3)',
      )
      .run(now, kind, client);
    return;
  }
  database.sql('INSERT INTO alarms (kind, client, facts, first_at, last_at, times) VALUES (?1, ?2, ?3, ?4, ?4, 1)').run(kind, client, text, now);
}

/** The last that rose first. */
export function listAlarms(database: Database, client: string): AlarmEntry[] {
  return database
    .sql('SELECT kind, facts, first_at, last_at, times, seen_at, seen_by FROM alarms WHERE client = ? ORDER BY last_at DESC')
    .all(client)
    .map((alarm) => ({
      kind: String(alarm['kind']),
      facts: JSON.parse(String(alarm['facts'])),
      first: date(alarm['first_at']),
      last: date(alarm['last_at']),
      times: Number(alarm['times']),
      seen: alarm['seen_at'] === null ? null : { at: date(alarm['seen_at']), by: String(alarm['seen_by']) },
    }));
}

export interface StrayAlarms {
  /** The name of the order's file. */
  readonly client: string;
  readonly alarmList: readonly AlarmEntry[];
}

/** Alarms of clients that home doesn't know, since it could take no order of theirs: no card's page has them. Only what nobody has looked into. */
export function listStrayAlarms(database: Database): StrayAlarms[] {
  return database
    .sql(
      `SELECT DISTINCT client FROM alarms WHERE seen_at IS NULL AND NOT EXISTS (SELECT 1 FROM clients WHERE clients.client = alarms.client)
       ORDER BY client LIMIT ${MOST_STRAY}`,
    )
    .all()
    .map(({ client }) => ({ client: String(client), alarmList: listAlarms(database, String(client)).filter(({ seen }) => seen === null) }));
}

/** How many alarms of the client nobody has looked into: as SQL, where "c" is the client. */
export const UNSEEN_ALARMS = '(SELECT count(*) FROM alarms WHERE alarms.client = c.client AND seen_at IS NULL)';

/** An operator has looked into what rose until then. What rose later, while they read, stays new. */
export function markAlarmsSeen(database: Database, { client, until, by }: { client: string; until: number; by: string }, now: number): void {
  database.sql('UPDATE alarms SET seen_at = ?1, seen_by = ?2 WHERE client = ?3 AND last_at <= ?4 AND seen_at IS NULL').run(now, by, client, until);
}

function date(milliseconds: unknown): string {
  return new Date(Number(milliseconds)).toISOString();
}
