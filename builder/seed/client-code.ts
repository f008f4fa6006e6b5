import { createHash, randomBytes, randomInt } from 'node:crypto';

/** Read aloud, typed on a telephone: no letter that sounds or looks like another sign of it (no I, L, O, U; no 0, 1). */
const SIGNS = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
const LENGTH = 8;

/** What the client types to switch the operators' access off and on. It stays theirs when seeds are issued anew. */
export interface ClientCode {
  /** "AB2C-D3EF": 39 bits, and the card takes five wrong ones in a quarter of an hour. */
  readonly text: string;
  readonly salt: string;
}

export function makeClientCode(): ClientCode {
  const signs = Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]).join('');
  return { text: `${signs.slice(0, LENGTH / 2)}-${signs.slice(LENGTH / 2)}`, salt: randomBytes(8).toString('hex') };
}

/** Hashes the code as the card compares it (firstboot's "switch"): its signs alone, in capitals. */
export function hashClientCode({ text, salt }: ClientCode): string {
  return createHash('sha256')
    .update(`${salt}:${text.replace('-', '')}`)
    .digest('hex');
}
