import { type FileHandle, open } from 'node:fs/promises';

export interface TarEntry {
  /** Absolute, on the Pi. */
  readonly path: string;
  readonly kind: 'file' | 'hard link' | 'symbolic link' | 'other';
  /** Where a link leads, as it is written there. */
  readonly target: string;
  /** Of its pax header: those that it has. */
  readonly records: ReadonlyMap<string, Buffer>;
  /** A file's bytes; until the next entry is asked for. */
  readonly content: () => Promise<Buffer>;
}

const BLOCK = 512;
const EXTENDED = 'x';
const KINDS: Readonly<Record<string, TarEntry['kind']>> = { '0': 'file', '\0': 'file', '1': 'hard link', '2': 'symbolic link' };

/** Everything that a tar of the root file system has (pax(1), "ustar" and "pax" formats): reads the headers, and of the contents what is asked for. */
export async function* readTarEntries(tar: string): AsyncGenerator<TarEntry> {
  const handle = await open(tar);
  try {
    let records = new Map<string, Buffer>();
    for (let at = 0; ; ) {
      const header = await readBytes(handle, at, BLOCK);
      if (header.every((byte) => byte === 0)) return;
      const size = Number(records.get('size')?.toString() ?? Number.parseInt(header.toString('latin1', 124, 135), 8));
      const type = header.toString('latin1', 156, 157);
      const kind = KINDS[type] ?? 'other';
      const start = at + BLOCK;
      at = start + (kind === 'hard link' ? 0 : Math.ceil(size / BLOCK) * BLOCK);
      if (type === EXTENDED) records = parseRecords(await readBytes(handle, start, size));
      else {
        const path = toAbsolute(records.get('path')?.toString() ?? readName(header));
        const target = records.get('linkpath')?.toString() ?? readText(header, 157, 257);
        yield { path, kind, target, records, content: () => readBytes(handle, start, size) };
        records = new Map();
      }
    }
  } finally {
    await handle.close();
  }
}

/** "./usr/bin/" is "/usr/bin". */
function toAbsolute(path: string): string {
  return path.replace(/^\.\/?/, '/').replace(/(.)\/$/, '$1');
}

function readName(header: Buffer): string {
  const prefix = readText(header, 345, 500);
  return prefix === '' ? readText(header, 0, 100) : `${prefix}/${readText(header, 0, 100)}`;
}

function readText(header: Buffer, from: number, to: number): string {
  return header.toString('utf8', from, to).replace(/\0.*$/s, '');
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
