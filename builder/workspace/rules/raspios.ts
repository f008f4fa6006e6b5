import { isAbsolute } from 'node:path';
import type { z } from 'zod';
import { matching, type Rule } from './rule.ts';

export const refuseListUrl: Rule = (value) => {
  const url = URL.parse(value);
  const hint = 'Such as "https://mirror.example.org/os_list.json"';
  if (!url || !['http:', 'https:'].includes(url.protocol) || /\s/.test(value)) return { message: 'Expected the address of a list of images', hint };
  return url.username === '' && url.password === '' ? undefined : { message: 'Expected an address with no user and no password', hint };
};

/** A file, from the workspace's folder: the workspace may lie elsewhere on the next machine. */
export const refuseWorkspacePath: Rule = (value) =>
  value.trim() === '' || isAbsolute(value) ? { message: 'Expected a path from the workspace', hint: 'Such as "keys/mirror.asc"' } : undefined;

export const refuseImagePath: Rule = (value) => {
  const hint = 'Such as "images/2026-06-18-raspios-trixie-arm64-lite.img.xz"';
  if (refuseWorkspacePath(value)) return { message: 'Expected a path from the workspace', hint };
  return /\.(img|img\.xz|zip)$/.test(value) ? undefined : { message: 'Expected an image that ends with ".img", ".img.xz" or ".zip"', hint };
};

export function releaseDate(): z.ZodString {
  return matching(/^20\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a date such as "2026-06-18"');
}

/** The fingerprint of a version 4 key (RFC 9580, section 5.5.4); people write it in groups. */
export function fingerprint(): z.ZodString {
  return matching(/^([0-9A-Fa-f]{4} *){10}$/, 'the fingerprint of an OpenPGP key, 40 hexadecimal digits');
}
