import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2);

/** RFC 9106, section 4, its second choice: 64 MiB, well under a second. */
const COST = { memory: 65_536, passes: 3, parallelism: 4 };
const BYTES = 32;

/** @returns what is kept in its place, in PHC's string format: the cost is in it, so that it can rise later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return format(salt, await derive('argon2id', { ...COST, message: normalize(password), nonce: salt, tagLength: BYTES }));
}

/** What no password fits, and takes as long to find out. */
export function unknownPassword(): string {
  return format(randomBytes(16), randomBytes(BYTES));
}

export async function isPassword(password: string, kept: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt = '', hash = ''] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(kept) ?? [];
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const wanted = Buffer.from(hash, 'base64');
  const nonce = Buffer.from(salt, 'base64');
  return timingSafeEqual(wanted, await derive('argon2id', { ...cost, message: normalize(password), nonce, tagLength: wanted.length }));
}

/** Keyboards write one letter in several ways. */
function normalize(password: string): string {
  return password.normalize('NFKC');
}

function format(salt: Buffer, hash: Buffer): string {
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
