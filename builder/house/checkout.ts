import { join } from 'node:path';

/** The folder that holds the launcher, the packages and the tests: what `semeur test` and `semeur doctor` are about. */
export function findCheckout(): string {
  return join(import.meta.dirname, '..', '..');
}
