import { type FileHandle, open } from 'node:fs/promises';

/** An extended attribute that a tar has. */
export interface TarAttribute {
  /** Absolute, on the Pi. */
  readonly path: string;
  readonly name: string;
  /** Hexadecimal. */
  readonly value: string;
}

const BLOCK = 512;
const LINK = '1';
const EXTENDED = 'x';
/** The one that mke2fs takes from a tar by itself; it leaves out all others, ACLs among them (e2fsprogs 1.47, create_inode_libarchive.c). */
const TAKEN = 'SCHILY.xattr.security.capability';
const PREFIX = 'SCHILY.xattr.';

/** Every attribute that has to be set once mke2fs has read the tar (pax(1), "ustar" and "pax" formats). */
export async function readTarAttributes(tar: string): Promise<TarAttribute[]> {
  const handle = await open(tar);
  try {
    const found: TarAttribute[] = [];
    let records = new Map<string, Buffer>();
    for (let at = 0; ; ) {
      const header = await readBytes(handle, at, BLOCK);
      if (header.every((byte) => byte === 0)) return found;
      const size = Number(records.get('size')?.toString() ?? Number.parseInt(header.toString('latin1', 124, 135), 8));
      const type = header.toString('latin1', 156, 157);
      if (type === EXTENDED) records = parseRecords(await readBytes(handle, at + BLOCK, size));
      else {
        if (type !== LINK) found.push(...listAttributes(records.get('path')?.toString() ?? readName(header), records));
        records = new Map();
      }
      at += BLOCK + (type === LINK ? 0 : Math.ceil(size / BLOCK) * BLOCK);
    }
  } finally {
    await handle.close();
  }
}

function listAttributes(path: string, records: ReadonlyMap<string, Buffer>): TarAttribute[] {
  const absolute = path.replace(/^\.\/?/, '/').replace(/(.)\/$/, '$1');
  return [...records]
    .filter(([key]) => key.startsWith(PREFIX) && key !== TAKEN)
    .map(([key, value]) => ({ path: absolute, name: key.slice(PREFIX.length), value: value.toString('hex') }));
}

function readName(header: Buffer): string {
  const text = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '');
  const prefix = text(345, 500);
  return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

/** "LENGTH key=value\n", one after the other, the length counting all of it. The package "tar" takes the values for text, and these are bytes. */
function parseRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(' ', at);
    const end = at + Number(body.toString('latin1', at, space));
    const equals = body.indexOf('=', space);
    records.set(body.toString('utf8', space + 1, equals), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

async function readBytes(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, position);
  if (bytesRead !== bytes) throw new Error(`the tar ends at byte ${position + bytesRead}`);
  return buffer;
}
