import { accessSync, constants } from 'node:fs';
import { Failure } from '../../kit/failure.ts';
import { hintOf, reasonOf } from '../../kit/machine-trouble.ts';
import { type Database, databaseFile, openDatabase } from './database.ts';

/** Gives `task` home's database, while home may be running: to read, unless it is said otherwise. @param folder home's state. */
export function withFleet<T>(folder: string, task: (database: Database) => T, { readOnly = true } = {}): T {
  const database = open(folder, readOnly);
  try {
    return task(database);
  } finally {
    database.close();
  }
}

function open(folder: string, readOnly: boolean): Database {
  try {
    // SQLite says the same of a file that isn't there, and of one that may not be read.
    accessSync(databaseFile(folder), readOnly ? constants.R_OK : constants.R_OK | constants.W_OK);
    return openDatabase(folder, { readOnly });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new Failure(`Cannot find home's database in "${folder}"`, {
        hint: 'Start home (semeur home serve), or name its folder with --state DIR',
        cause,
      });
    }
    if (cause instanceof Failure) throw cause;
    throw new Failure(`Cannot open home's database in "${folder}": ${reasonOf(cause)}`, { hint: hintFor(cause, folder), cause });
  }
}

/** Home runs as root, and keeps its folder to itself. */
function hintFor(cause: unknown, folder: string): string {
  const isRefused = ['EACCES', 'EPERM', 'ERR_SQLITE_ERROR'].includes((cause as NodeJS.ErrnoException).code ?? '');
  return isRefused && process.getuid?.() !== 0
    ? 'It belongs to whoever runs home, often root: run the same command with sudo'
    : hintOf(cause, folder);
}
