import { existsSync } from 'node:fs';
import { Failure } from '../../builder/failure.ts';
import { type Database, databaseFile, openDatabase } from './database.ts';

/** Gives `task` home's database, while home may be running: to read, unless it is said otherwise. @param folder home's state. */
export function withFleet<T>(folder: string, task: (database: Database) => T, { readOnly = true } = {}): T {
  if (!existsSync(databaseFile(folder))) {
    throw new Failure(`Cannot find home's database in "${folder}"`, { hint: 'Start home (semeur home serve), or name its folder with --state DIR' });
  }
  const database = openDatabase(folder, { readOnly });
  try {
    return task(database);
  } finally {
    database.close();
  }
}
