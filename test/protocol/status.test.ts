import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Heartbeat, REQUESTS } from '../../protocol/requests.ts';
import { statusesOf, troublesOf } from '../../protocol/status.ts';

const beat: Heartbeat = JSON.parse(await readFile(join(import.meta.dirname, 'first-release', 'heartbeat.json'), 'utf8'));
const NOTES = { moments: { at: 1 }, flags: { full: true }, troubles: { failed: true, lost: false } };
const takes = (status: unknown) => REQUESTS.heartbeat.safeParse({ ...beat, status }).success;
const many = (count: number, value: unknown) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, value]));

describe('what services of a card say of how they went', () => {
  it('is read in one form, whatever its place: backups and updates as a card of 0.1.0 sends them, others by kind', () => {
    expect(statusesOf({ ...beat, status: { notes: NOTES } })).toEqual([
      ['backup', { moments: { at: 1_790_000_000, restoreAt: 1_780_000_000 }, flags: {}, troubles: { failed: false, restoreFailed: false } }],
      ['updates', { moments: { at: 1_790_000_000 }, flags: { reboot: true }, troubles: { failed: false } }],
      ['notes', NOTES],
    ]);
    expect(statusesOf({})).toEqual([]);
  });

  it('is trouble where the overlay says so', () => {
    const backup = { at: null, failed: false, restoreAt: null, restoreFailed: true };
    expect(troublesOf({ backup, updates: beat.updates, status: { notes: NOTES } })).toEqual([
      ['backup', 'restoreFailed'],
      ['notes', 'failed'],
    ]);
  });

  it('has bounds: twenty services, eight facts of a kind, names and kinds', () => {
    expect(takes(many(20, NOTES))).toBe(true);
    expect(takes({ notes: { ...NOTES, flags: many(8, true) } })).toBe(true);
    const wrong = [
      ...[many(21, NOTES), { notes: { ...NOTES, flags: many(9, true) } }, { 'No tes': NOTES }, { notes: { moments: {}, flags: {} } }, [], null],
      ...[{ at: -1 }, { at: 1.5 }, { at: true }, { 'last-sync': 1 }, { ['x'.repeat(33)]: 1 }].map((moments) => ({ notes: { ...NOTES, moments } })),
      { notes: { ...NOTES, troubles: { failed: 1 } } },
    ];
    expect(wrong.filter(takes)).toEqual([]);
  });
});
