import type { Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import { type Operator, OTHER_VERSION, WORKSPACE_VERSION } from './schema.ts';

/** A workspace of another version: this finding alone, since whatever else seems wrong in it may be right there. */
export function findOtherVersion({ source }: Pick<Entry<Operator>, 'source'>): Finding | undefined {
  const value: unknown = source.value;
  const stated: unknown = typeof value === 'object' && value !== null && 'semeur' in value ? value.semeur : undefined;
  if (!Number.isInteger(stated) || stated === WORKSPACE_VERSION) return undefined;
  return source.error(['semeur'], OTHER_VERSION.message, OTHER_VERSION.hint);
}
