import { randomBytes } from 'node:crypto';
import { refuseTimeZone } from './rules/names.ts';
import type { Operator } from './schema.ts';

/** This machine's, unless it is a server's. */
export function ownTimeZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'UTC' || refuseTimeZone(zone) ? 'Europe/Paris' : zone;
}

/** RFC 4193, section 3.2: 40 random bits, so that no two networks ever clash. */
export function drawPrefix(): string {
  const hex = randomBytes(5).toString('hex');
  const group = (from: number) => Number.parseInt(hex.slice(from, from + 4), 16).toString(16);
  return `fd${hex.slice(0, 2)}:${group(2)}:${group(6)}::/48`;
}

/** What the environment says (POSIX, "Internationalization Variables"). @returns undefined when that is neither French nor English. */
export function ownLanguage(): Operator['language'] | undefined {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const locale = LC_ALL || LC_MESSAGES || LANG || '';
  return (['fr', 'en'] as const).find((language) => locale.startsWith(language));
}
