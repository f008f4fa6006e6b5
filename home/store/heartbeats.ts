import type { Heartbeat } from '../../protocol/requests.ts';
import { type CopyReason, raiseAlarm } from './alarms.ts';
import type { Card } from './cards.ts';
import type { Database } from './database.ts';

/** Milliseconds: three heartbeats missed. */
export const SILENT_AFTER = 3 * 300_000;

/** Which boots of a card are kept to tell a copy by: an old one that comes back. */
const EARLIER_BOOTS = 8;

export interface LastBoot {
  readonly publicKey: string;
  readonly bootId: string;
  readonly bootCounter: number;
  readonly earlierBoots: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Keeps a card's last heartbeat, within the caller's transaction. */
export function keepHeartbeat(database: Database, card: Card, beat: Heartbeat, now: number): void {
  const last = findLastBoot(database, card);
  const reason = last && findCopy(last, beat, card.serial);
  if (reason !== undefined) {
    const facts = { reason, claimed: card.serial, serial: beat.serial };
    raiseAlarm(database, { kind: 'copied-card', client: card.client, facts }, now);
  }
  if (last && now - last.at > SILENT_AFTER) noteSilence(database, card.client, last.at, now);
  const earlier = last && last.bootId !== beat.bootId ? [last.bootId, ...last.earlierBoots].slice(0, EARLIER_BOOTS) : (last?.earlierBoots ?? []);
  database
    .sql(
      `INSERT INTO heartbeats (client, at, public_key, boot_id, boot_counter, earlier_boots, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (client) DO UPDATE SET at = ?2, public_key = ?3, boot_id = ?4, boot_counter = ?5, earlier_boots = ?6, body = ?7`,
    )
    .run(card.client, now, card.publicKey, beat.bootId, beat.bootCounter, earlier.join(' '), JSON.stringify(beat));
  if (beat.report !== 'done' || beat.failedUnits.length > 0 || (beat.illServices ?? []).length > 0) return;
  database.sql("UPDATE clients SET state = 'well', state_since = ? WHERE client = ? AND state = 'confirmed'").run(now, card.client);
}

/** A silence is known when it ends: until then it is told by what doesn't come. */
function noteSilence(database: Database, client: string, from: number, to: number): void {
  const note = database.sql('INSERT INTO state_changes (client, at, state) VALUES (?, ?, ?)');
  note.run(client, from, 'silent');
  const state = database.sql('SELECT state FROM clients WHERE client = ?').get(client)?.['state'];
  note.run(client, to, String(state));
}

/** Two cards with one key are seen by what can't be of one card. @returns why, if so. */
export function findCopy(last: LastBoot, beat: Heartbeat, claimedSerial: string): CopyReason | undefined {
  if (isKnown(claimedSerial) && isKnown(beat.serial) && beat.serial !== claimedSerial) return 'another-serial';
  if (beat.bootCounter < last.bootCounter) return 'boot-counter-back';
  if (beat.bootId === last.bootId) return undefined;
  if (beat.bootCounter === last.bootCounter) return 'two-boots-one-number';
  return last.earlierBoots.includes(beat.bootId) ? 'earlier-boot-back' : undefined;
}

/** Looks at this card alone: its successor counts from 1, and may overtake what the card before it sent last. */
function findLastBoot(database: Database, { client, publicKey }: Card): LastBoot | undefined {
  const row = database
    .sql('SELECT boot_id, boot_counter, earlier_boots, at FROM heartbeats WHERE client = ? AND public_key = ?')
    .get(client, publicKey) as { boot_id: string; boot_counter: number; earlier_boots: string; at: number } | undefined;
  if (!row) return undefined;
  const earlierBoots = row.earlier_boots.split(' ').filter((id) => id !== '');
  return { publicKey, bootId: row.boot_id, bootCounter: row.boot_counter, earlierBoots, at: row.at };
}

/** Boards without a number say so. */
function isKnown(serial: string): boolean {
  return serial !== '' && serial !== 'unknown';
}
