import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { migrate } from './migrations.ts';

/** Home's memory: one SQLite file, written by one process. Everything runs to its end before anything else: no transaction sees another's half. */
export interface Database {
  /** A statement, prepared once. */
  sql(text: string): StatementSync;
  /** One transaction, on the disk before it returns. Nothing of it is kept if `task` throws. */
  durably<T>(task: () => T): T;
  /** One transaction, with the system before it returns: it outlives this process, but perhaps not a power cut. */
  quickly<T>(task: () => T): T;
  /** How many transactions were on the disk: what was read of clients, orders, claims and peers before the last one may be old. */
  readonly durableCount: number;
  close(): void;
}

export interface DatabaseOptions {
  readonly readOnly?: boolean;
}

/** Milliseconds to wait for another writer (a backup, a person with sqlite3). Everybody waits with us, so not long: cards ask again. */
const PATIENCE = 100;

/** @param folder of home's state; made if it isn't there. */
export function openDatabase(folder: string, { readOnly = false }: DatabaseOptions = {}): Database {
  if (!readOnly) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = databaseFile(folder);
  const connection = new DatabaseSync(file, { readOnly, timeout: PATIENCE });
  if (!readOnly) prepare(connection, file);
  const statements = new Map<string, StatementSync>();
  let durableCount = 0;
  return {
    sql(text) {
      const statement = statements.get(text) ?? connection.prepare(text);
      statements.set(text, statement);
      return statement;
    },
    get durableCount() {
      return durableCount;
    },
    durably(task) {
      durableCount += 1;
      return transact(connection, 'FULL', task);
    },
    quickly: (task) => transact(connection, 'NORMAL', task),
    close: () => connection.close(),
  };
}

export function databaseFile(folder: string): string {
  return join(folder, 'home.sqlite');
}

function prepare(connection: DatabaseSync, file: string): void {
  chmodSync(file, 0o600);
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL');
  // 32 MB of log before it is folded into the database, which everybody waits for: heartbeats write the same rows again and again, and each is folded once.
  connection.exec('PRAGMA wal_autocheckpoint = 8000');
  migrate(connection, file);
}

function transact<T>(connection: DatabaseSync, synchronous: 'FULL' | 'NORMAL', task: () => T): T {
  connection.exec(`PRAGMA synchronous = ${synchronous}`);
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = task();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has ended the transaction by itself.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}
