import type { Rule } from './rule.ts';
import { hasControlCharacters } from './rule.ts';

/** IEEE 802.11: 1 to 32 bytes. */
export const refuseSsid: Rule = (value) => {
  const bytes = Buffer.byteLength(value);
  return bytes < 1 || bytes > 32 || hasControlCharacters(value) ? { message: 'Expected the name of a Wi-Fi network, 1 to 32 bytes' } : undefined;
};

/** IEEE 802.11, annex on passphrases: 8 to 63 printable ASCII characters. */
export const refuseWifiPassword: Rule = (value) => {
  if (value.length < 8 || value.length > 63) return { message: `Expected a Wi-Fi password of 8 to 63 characters, found ${value.length}` };
  return /^[\x20-\x7e]+$/.test(value) ? undefined : { message: 'Expected a Wi-Fi password of unaccented letters, digits, spaces and signs' };
};
