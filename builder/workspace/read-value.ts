import { z } from 'zod';
import type { Finding } from './finding.ts';
import { describeIssues } from './issues.ts';
import type { Source } from './source.ts';

export interface ReadValue<T> {
  /** The value when nothing is wrong with it. */
  readonly value: T | undefined;
  /** Those of its first keys that are well: other checks go on with them, so that all findings come at once. */
  readonly known: Partial<T>;
  readonly findings: readonly Finding[];
}

/** Checks what a file holds against its schema. */
export function readValue<S extends z.ZodObject>(schema: S, source: Source): ReadValue<z.output<S>> {
  if (source.value === undefined) return { value: undefined, known: {}, findings: source.findings };
  const read = schema.safeParse(source.value);
  if (read.success) return { value: read.data, known: read.data, findings: source.findings };
  const known = lenient(schema).safeParse(source.value);
  return {
    value: undefined,
    known: (known.data ?? {}) as Partial<z.output<S>>,
    findings: [...source.findings, ...describeIssues(schema, source, read.error.issues)],
  };
}

/** The same keys, each left out when it is wrong. */
function lenient({ shape }: z.ZodObject): z.ZodObject {
  return z.object(Object.fromEntries(Object.entries(shape).map(([key, type]) => [key, z.optional(type).catch(undefined)])));
}
