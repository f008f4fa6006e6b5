import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../kit/failure.ts';

/**
 * Keeps a second home from the same state: it would answer from a memory that the first one makes old. SQLite's own lock ends with the process,
 * however that ends, and needs no file to be tidied away.
 * @returns what lets go.
 * @throws {Failure} when another home has it.
 */
export function holdFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, 'running.sqlite'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    throw new Failure(`Cannot start home: another one runs with the state in "${folder}"`, {
      hint: 'End that one first, or give this one a folder of its own with --state DIR',
      cause: error,
    });
  }
}
