import { domainToASCII } from 'node:url';
import type { z } from 'zod';
import { parseByteSize } from '../../../kit/byte-size.ts';
import { HOST_NAME, SHORT_NAME } from '../../../protocol/names.ts';
import { matching, type Rule } from './rule.ts';
import { suggest } from './suggest.ts';

/** What clients, profiles and overlays are called. */
export function name(): z.ZodString {
  return matching(SHORT_NAME, 'a name of at most 32 small letters, digits and hyphens, with no accent and no hyphen at its ends');
}

export const refuseHostName: Rule = (value) => {
  if (value === 'localhost') return { message: 'Expected a host name other than "localhost", which is every machine\'s own' };
  if (HOST_NAME.test(value)) return undefined;
  const message = 'Expected a host name: small letters, digits and hyphens, no hyphen at its ends, at most 63 characters';
  return value.length > 63 ? { message: `${message}; found ${value.length}` } : { message };
};

/** A zone that the card's own tzdata has: "+01:00" and "europe/paris", which Intl takes, are no files there. */
export const refuseTimeZone: Rule = (value) => {
  const known = Intl.supportedValuesOf('timeZone');
  if (known.includes(value) || (/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(value) && isTimeZone(value))) return undefined;
  const nearest = known.find((zone) => zone.toLowerCase() === value.toLowerCase()) ?? suggest(value, known);
  return { message: 'Expected a time zone', hint: nearest === undefined ? 'Such as "Europe/Paris"' : `Did you mean "${nearest}"?` };
};

function isTimeZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

export const refuseSize: Rule = (value) => (parseByteSize(value) === undefined ? { message: 'Expected a size', hint: 'Such as "64MiB"' } : undefined);

/** A name as people read it, as a short name: "L'Atelier d'Émilie" becomes "l-atelier-d-emilie". */
export function shorten(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll('œ', 'oe')
    .replaceAll('Œ', 'oe')
    .replaceAll('æ', 'ae')
    .toLowerCase();
  return plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
    .replaceAll(/^-+|-+$/g, '');
}

/** A name of the internet as it is registered: "café.coop" is "xn--caf-dma.coop" (RFC 5891). What is no such name stays as it is. */
export function asAsciiName(name: string): string {
  return /^\p{ASCII}*$/u.test(name) ? name : domainToASCII(name) || name;
}
