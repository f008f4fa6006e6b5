import type { z } from 'zod';

/**
 * A message as this version reads it. The side that wrote it may be a newer one: keys that this version doesn't know are left out and
 * named, and whatever else isn't as agreed makes it no message.
 */
export type Reading<T> =
  | { readonly message: T; readonly unknown: readonly string[] }
  | { readonly message: undefined; readonly wrong: readonly string[]; readonly isNewer: boolean };

/** So many keys are named. */
const MOST_NAMED = 20;
const LONGEST_NAME = 64;

/**
 * Names which keys are unknown or wrong, never what they hold.
 * @param schema of objects that leave out what they don't know. @param version the key that says the message's version, which is 1.
 */
export function readMessage<T>(schema: z.ZodType<T>, text: string, version: string): Reading<T> {
  const value = parseJson(text);
  const { success, data, error } = schema.safeParse(value);
  if (success) return { message: data, unknown: name(findUnknown(value, data)) };
  const stated = isObject(value) ? value[version] : undefined;
  const wrong = name(error.issues.map(({ path }) => path.join('.') || '(all of it)'));
  return { message: undefined, wrong, isNewer: Number.isInteger(stated) && Number(stated) > 1 };
}

/** Keys of `value` that are not in `known`, which was read from it, as "client.phone". */
function findUnknown(value: unknown, known: unknown, path = ''): string[] {
  if (Array.isArray(value) && Array.isArray(known)) return value.flatMap((item, index) => findUnknown(item, known[index], path));
  if (!isObject(value) || !isObject(known)) return [];
  return Object.keys(value).flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`;
    return Object.hasOwn(known, key) ? findUnknown(value[key], known[key], at) : [at];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function name(keys: readonly string[]): string[] {
  return [...new Set(keys.map((key) => key.slice(0, LONGEST_NAME)))].slice(0, MOST_NAMED);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
