import { z } from 'zod';
import type { Finding } from './finding.ts';
import { suggest, suggestHint } from './rules/suggest.ts';
import type { Path, Source } from './source.ts';

type Issue = z.core.$ZodIssue;

/** What zod found, as sentences that stand where the writer of the file has to look. No value is repeated: it may be a secret. */
export function describeIssues(schema: z.ZodType, source: Source, issues: readonly Issue[]): Finding[] {
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ path: issue.path, key })) : []));
  const misspelt = unknown.map(({ path, key }) => {
    const meant = suggest(key, missingKeys(path, issues)) ?? suggest(key, knownKeys(schema, path));
    return { path, key, meant };
  });
  const isMeant = (path: Path) => misspelt.some((entry) => entry.meant !== undefined && samePath([...entry.path, entry.meant], path));
  return [
    ...misspelt.map(({ path, key, meant }) => {
      const hint = meant === undefined ? suggestHint(key, knownKeys(schema, path)) : `Did you mean "${meant}"?`;
      return source.errorAtKey([...path, key], `Unknown key "${key}"`, hint);
    }),
    ...issues
      .filter((issue) => issue.code !== 'unrecognized_keys' && !(isMissing(issue, source) && isMeant(issue.path)))
      .map((issue) => describe(schema, source, issue)),
  ];
}

function describe(schema: z.ZodType, source: Source, issue: Issue): Finding {
  const { path } = issue;
  const purpose = typeAt(schema, path)?.description;
  if (isMissing(issue, source)) return source.error(path.slice(0, -1), `Missing key "${String(path.at(-1))}"`, purpose);
  if (valueAt(source.value, path) === null) return source.error(path, `Expected ${wanted(issue)}, found nothing`, purpose);
  switch (issue.code) {
    case 'invalid_type': {
      const scalar = ['number', 'boolean', 'bigint'].includes(typeof valueAt(source.value, path));
      const hint = issue.expected === 'string' && scalar ? 'Put it in quotes' : purpose;
      return source.error(path, `Expected ${wanted(issue)}, found ${found(valueAt(source.value, path))}`, hint);
    }
    case 'invalid_value': {
      const value = valueAt(source.value, path);
      const nearest = typeof value === 'string' ? suggest(value, issue.values.map(String)) : undefined;
      return source.error(path, `Expected ${wanted(issue)}`, nearest === undefined ? purpose : `Did you mean "${nearest}"?`);
    }
    case 'too_small':
      return source.error(path, `Expected at least ${issue.minimum}${issue.origin === 'array' ? ' in the list' : ''}`, purpose);
    case 'too_big':
      return source.error(path, `Expected at most ${issue.maximum}`, purpose);
    case 'invalid_key':
      return source.errorAtKey(path, issue.issues[0]?.message ?? 'Unknown kind of key');
    case 'custom':
      return source.error(path, issue.message, issue.params?.['hint'] as string | undefined);
    default:
      return source.error(path, issue.message, purpose);
  }
}

function isMissing({ path }: Issue, source: Source): boolean {
  return path.length > 0 && valueAt(source.value, path) === undefined;
}

/** Keys that the issues say are missing right below `path`. */
function missingKeys(path: Path, issues: readonly Issue[]): string[] {
  const below = issues.filter((issue) => issue.path.length === path.length + 1 && samePath(issue.path.slice(0, -1), path));
  return below.map((issue) => String(issue.path.at(-1)));
}

function wanted(issue: Issue): string {
  if (issue.code === 'invalid_value') return issue.values.map((value) => `"${String(value)}"`).join(' or ');
  if (issue.code !== 'invalid_type') return 'a value';
  const names: Partial<Record<string, string>> = {
    string: 'text',
    array: 'a list',
    object: 'keys and values',
    record: 'keys and values',
    int: 'a whole number',
  };
  return names[issue.expected] ?? `a ${issue.expected}`;
}

function found(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'keys and values';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((inside: unknown, segment) => {
    const holds = typeof inside === 'object' && inside !== null && Object.hasOwn(inside, segment);
    return holds ? (inside as Record<PropertyKey, unknown>)[segment] : undefined;
  }, value);
}

function knownKeys(schema: z.ZodType, path: Path): string[] {
  const type = unwrap(typeAt(schema, path));
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}

/** The part of a schema that `path` leads to, with its description. */
function typeAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  return path.reduce((type: z.ZodType | undefined, segment) => {
    const inner = unwrap(type);
    if (inner instanceof z.ZodObject) return inner.shape[String(segment)] as z.ZodType | undefined;
    if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
    if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
    return undefined;
  }, schema);
}

function unwrap(type: z.ZodType | undefined): z.ZodType | undefined {
  if (type instanceof z.ZodOptional || type instanceof z.ZodDefault || type instanceof z.ZodPrefault) return unwrap(type.unwrap() as z.ZodType);
  return type;
}
