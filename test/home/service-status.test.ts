import { afterEach, describe, expect, it } from 'vitest';
import { type Found, searchFleet } from '../../home/store/fleet-search.ts';
import { addCards } from './many-cards.ts';
import { closeHomes } from './open-home.ts';
import { openFleet } from './page-visitor.ts';
import { beatOf, withDatabase } from './sample-fleet.ts';

afterEach(closeHomes);

const numbersOf = ({ entries }: Found) => entries.map(({ client }) => Number(client.replace('client-', '')));
const factOf = (text: string, label: string) => new RegExp(`<dt>${label}<dd>([^\\n]*)`).exec(text)?.[1];
const search = { onlyAlarms: false, text: '', page: 1 };

describe('the fleet page', () => {
  it("looks first after a card whose services say that something went wrong, an operator's own too", () => {
    withDatabase((database) => {
      addCards(database, 40);
      const wellCards = numbersOf(searchFleet(database, { ...search, state: 'well' }, Date.now())).filter((number) => number > 9);
      const [broken = 0, untried = 0, full = 0] = wellCards.reverse();
      const say = (number: number, fields: Parameters<typeof beatOf>[0]) =>
        database.sql('UPDATE heartbeats SET body = ? WHERE client = ?').run(JSON.stringify(beatOf(fields)), `client-000${number}`);
      const place = (number: number) => numbersOf(searchFleet(database, search, Date.now())).indexOf(number);
      const before = place(full);
      say(full, { status: { notes: { moments: {}, flags: { full: true }, troubles: { failed: false } } } });
      expect(place(full)).toBe(before);
      say(broken, { status: { notes: { moments: {}, flags: {}, troubles: { lost: false, failed: true } } } });
      say(untried, { backup: { at: 1, failed: false, restoreAt: null, restoreFailed: true } });
      expect([place(untried), place(broken)]).toEqual([5, 6]);
    });
  });

  it("says how services went, by words where there are some, and by the names of an operator's own", async () => {
    const { home, visitor } = await openFleet(3);
    const page = async (path: string) => (await visitor.get(path)).text;
    const backup = { at: 1_790_000_000, failed: false, restoreAt: null, restoreFailed: true };
    const updates = { at: 1_790_000_000, failed: false, reboot: true };
    const notes = { moments: { at: null }, flags: { full: true, old: false }, troubles: { failed: true } };
    home.database
      .sql('UPDATE heartbeats SET body = ?')
      .run(JSON.stringify(beatOf({ backup, updates, status: { notes, '<b>': { ...notes, troubles: {} } } })));
    const text = await page('/clients/client-00003?language=en');
    expect(factOf(text, 'Last backup')).toBe('restore test failed');
    expect(factOf(text, 'Last security updates')).toMatch(/2026.*, a restart is wanted$/);
    expect(factOf(text, 'notes')).toBe('notes: failed, notes: full');
    expect(factOf(text, '&#60;b&#62;')).toBe('none, &#60;b&#62;: full');
    expect(await page('/?language=en')).toContain('<td>restore test failed, notes: failed');
    const french = await page('/clients/client-00003?language=fr');
    expect(factOf(french, 'Dernière sauvegarde')).toBe('essai de restauration en échec');
    expect(factOf(french, 'notes')).toMatch(/^notes\s: failed, notes\s: full$/);
    home.database.sql('UPDATE heartbeats SET body = ?').run(JSON.stringify(beatOf({ backup: { ...backup, restoreFailed: false } })));
    expect(factOf(await page('/clients/client-00003?language=en'), 'Last backup')).toMatch(/^[^,]*2026[^,]*$/);
  });
});
