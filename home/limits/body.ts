import type { z } from 'zod';
import { Refusal } from './refusal.ts';

export const MOST_BYTES = 16 * 1024;
const MOST_DEPTH = 4;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {Refusal} unless it is JSON in UTF-8, nested at most 4 deep. */
export function parseBody(body: Buffer): unknown {
  try {
    const text = UTF8.decode(body);
    if (depthOf(text) <= MOST_DEPTH) return JSON.parse(text);
  } catch {
    // The parser's own words would tell what is in the request.
  }
  throw new Refusal('bad-request');
}

/** @throws {Refusal} */
export function checkBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const { success, data } = schema.safeParse(body);
  if (!success) throw new Refusal('bad-request');
  return data;
}

/** Counts how deep brackets outside strings go, before anything is parsed. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) inString = !inString;
    else if (inString && code === 0x5c) at += 1;
    else if (!inString && (code === 0x7b || code === 0x5b)) deepest = Math.max(deepest, ++depth);
    else if (!inString && (code === 0x7d || code === 0x5d)) depth -= 1;
  }
  return deepest;
}
