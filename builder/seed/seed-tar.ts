import { SEED_BLOCK } from './header.ts';

const BLOCK = 512;

/** The names that a seed may hold besides `settings/PATH` of each file in the profile's settings list. */
const OWN_NAMES = ['seed.conf', 'enrol/vpn.conf', 'enrol/home.conf', 'enrol/token', 'code.hash', 'wifi.conf'];

/** @param settings absolute paths, on the Pi, of the profile's settings list. */
export function allowedNames(settings: readonly string[]): Set<string> {
  return new Set([...OWN_NAMES, ...settings.map((path) => `settings${path}`)]);
}

/** The canonical tar of these files: the same files give the same bytes, and a tar with any other byte is refused. */
export function renderSeedTar(files: ReadonlyMap<string, Buffer>): Buffer {
  const names = [...files.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const parts = names.flatMap((name) => {
    const content = files.get(name) ?? Buffer.alloc(0);
    return [renderFileHeader(name, content.length), content, Buffer.alloc(padding(content.length, BLOCK))];
  });
  const tar = Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
  return Buffer.concat([tar, Buffer.alloc(padding(tar.length, SEED_BLOCK))]);
}

/**
 * Reads a canonical tar.
 * @returns content by name, or undefined if any byte is not as renderSeedTar() writes it (more zero blocks at the end aside), or a name isn't allowed.
 */
export function parseSeedTar(tar: Buffer, allowed: ReadonlySet<string>): Map<string, Buffer> | undefined {
  const files = new Map<string, Buffer>();
  let at = 0;
  let last = '';
  while (at < tar.length && !isZero(tar.subarray(at, at + BLOCK))) {
    const block = tar.subarray(at, at + BLOCK);
    const { name, size } = parseFileHeader(block) ?? {};
    if (name === undefined || size === undefined || name <= last || !allowed.has(name)) return undefined;
    const end = at + BLOCK + size;
    if (end > tar.length || !isZero(tar.subarray(end, end + padding(size, BLOCK)))) return undefined;
    files.set(name, tar.subarray(at + BLOCK, end));
    last = name;
    at = end + padding(size, BLOCK);
  }
  return tar.length % BLOCK === 0 && tar.length - at >= 2 * BLOCK && isZero(tar.subarray(at)) ? files : undefined;
}

/**
 * One header of POSIX ustar, with GNU tar's way of writing numbers. Rendered here and not by the tar package, since the format says each of its
 * bytes, and the package puts a name of 100 bytes into the prefix field.
 */
function renderFileHeader(name: string, size: number): Buffer {
  if (!isName(name)) throw new RangeError(`Cannot put "${name}" in a seed: not a relative path of at most 100 plain characters`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'latin1');
  block.write('0000600\x000000000\x000000000\0', 100, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')}\x0000000000000\0        0`, 124, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write('0000000\x000000000\0', 329, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function parseFileHeader(block: Buffer): { name: string; size: number } | undefined {
  const name = block.toString('latin1', 0, 100).split('\0', 1)[0] ?? '';
  const digits = block.toString('latin1', 124, 135);
  if (!isName(name) || !/^[0-7]{11}$/.test(digits)) return undefined;
  const size = Number.parseInt(digits, 8);
  return block.equals(renderFileHeader(name, size)) ? { name, size } : undefined;
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9._@/-]{1,100}$/.test(name) && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function padding(length: number, unit: number): number {
  return (unit - (length % unit)) % unit;
}
