import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { listAlarms } from '../../home/store/alarms.ts';
import { type Database, databaseFile, openDatabase } from '../../home/store/database.ts';
import { MIGRATIONS } from '../../home/store/migrations.ts';
import { closeHomes, enrol, heartbeatOf, issue, openHome } from './open-home.ts';
import { addPerson, type Visitor, visitPage } from './page-visitor.ts';

afterEach(closeHomes);

async function openEmpty() {
  const home = await openHome();
  await addPerson(home.database);
  const visitor = visitPage(home.ports.page);
  await visitor.logIn();
  return { home, visitor };
}

describe('the history of a card', () => {
  const historyOf = async (visitor: Visitor) => {
    const { text } = await visitor.get('/clients/durand');
    return [...text.matchAll(/<tr><td>[^<]*<td>([^\n<]*)/g)].map(([, state]) => state);
  };

  it('has its states, the newest first', async () => {
    const { home, visitor } = await openEmpty();
    const [first, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(first.order);
    await home.take(first.order);
    await home.take({ ...first.order, hostname: 'other' });
    expect(await historyOf(visitor)).toEqual(['ordered']);
    await home.take(next.order);
    await home.take({ ...next.order, revoked: true });
    expect(await historyOf(visitor)).toEqual(['revoked', 'ordered', 'ordered']);
  });

  it('has a silence once it is over', async () => {
    const { home, visitor } = await openEmpty();
    const issued = issue();
    await home.take(issued.order);
    const address = await enrol(home, issued);
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    home.database.sql('UPDATE heartbeats SET at = at - 1000000').run();
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    expect(await historyOf(visitor)).toEqual(['well', 'silent', 'well', 'confirmed', 'claimed', 'ordered']);
  });

  it('begins with the state that a client of an earlier version is in', () => {
    const rows = bringForward(
      () => {},
      (database) => database.sql('SELECT client, at, state FROM state_changes').all(),
    );
    expect(rows).toEqual([{ client: 'durand', at: 7, state: 'well' }]);
  });

  it('keeps why an alarm rose, though it was an English sentence', () => {
    const facts = [
      { generation: 1, reason: "its address is another card's" },
      { generation: 1, reason: 'generation 2 is known, with another token' },
      { generation: 1, reason: 'generation 3 is known, with another token' },
    ];
    const kept = bringForward(
      (old) => {
        const raise = old.prepare("INSERT INTO alarms (kind, client, facts, first_at, last_at, times) VALUES (?, 'durand', ?, 1, 2, 3)");
        for (const each of facts) raise.run('bad-order', JSON.stringify(each));
        raise.run('second-card', '{"first":"a","second":"b"}');
      },
      (database) => listAlarms(database, 'durand').map((alarm) => alarm.facts),
    );
    expect(kept).toEqual([
      { generation: 1, reason: 'taken-address' },
      { generation: 1, reason: 'known-generation' },
      { first: 'a', second: 'b' },
    ]);
  });

  it('has an end', async () => {
    const { home, visitor } = await openEmpty();
    for (let generation = 1; generation <= 60; generation++) await home.take(issue('durand', { generation }).order);
    await home.take(issue('moreau').order);
    expect(await historyOf(visitor)).toHaveLength(50);
    expect(home.database.sql('SELECT count(*) AS rows FROM state_changes').get()).toEqual({ rows: 51 });
  });
});

/** A database of the first version with one client, and what this version reads in it. */
function bringForward<T>(fill: (old: DatabaseSync) => void, read: (database: Database) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'semeur-home-'));
  try {
    const old = new DatabaseSync(databaseFile(folder));
    old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1; INSERT INTO clients VALUES ('durand', 'durand', 'fr', 'maison', 'well', 7)`);
    fill(old);
    old.close();
    const database = openDatabase(folder);
    const found = read(database);
    database.close();
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
