import { z } from 'zod';

/** Why a value can't be taken, and what to write instead. */
export interface Refusal {
  readonly message: string;
  readonly hint?: string;
}

/** @returns undefined when the value is well. Messages never hold the value: it may be a secret. */
export type Rule = (value: string) => Refusal | undefined;

/** A text that follows a rule. */
export function ruled(rule: Rule): z.ZodString {
  return z.string().check(({ value, issues }) => {
    const refusal = rule(value);
    if (refusal) issues.push({ code: 'custom', input: value, message: refusal.message, params: { hint: refusal.hint } });
  });
}

/** A text of a form that editors can check too. */
export function matching(form: RegExp, wanted: string): z.ZodString {
  return ruled((value) => (form.test(value) ? undefined : { message: `Expected ${wanted}` })).meta({ pattern: form.source });
}

/** A text that people read, on one line. */
export function line(max: number): z.ZodString {
  return ruled((value) => {
    if (value.trim() === '') return { message: 'Expected a text, found an empty one' };
    if (hasControlCharacters(value)) return { message: 'Expected one line, found line breaks or control characters' };
    if (value.length > max) return { message: `Expected at most ${max} characters, found ${value.length}` };
    return undefined;
  });
}

export function hasControlCharacters(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}

export function isRegExp(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
