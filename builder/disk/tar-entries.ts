import { type FileHandle, open } from 'node:fs/promises';
import { posix } from 'node:path';
import { readRange } from '../../kit/file-range.ts';

export interface TarEntry {
  /** Absolute, on the Pi. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'hard link' | 'symbolic link' | 'other';
  /** Where a link leads, as it is written there. */
  readonly target: string;
  /** The records of its pax header. */
  readonly records: ReadonlyMap<string, Buffer>;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Where a file's bytes stand in the tar, and how many they are. */
  readonly start: number;
  readonly bytes: number;
  /** A file's bytes; until the next entry is asked for. */
  readonly content: () => Promise<Buffer>;
}

const BLOCK = 512;
const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '5': 'folder',
};
/** What speaks of the entry after it: pax(1)'s own header; GNU tar's two for long names. */
const RECORD_OF: Readonly<Record<string, string>> = { L: 'path', K: 'linkpath' };

/** Everything that a tar of a root file system has (pax(1), "ustar" and "pax" formats, and GNU tar's own): reads the headers, and of the contents what is asked for. */
export async function* readTarEntries(tar: string): AsyncGenerator<TarEntry> {
  const handle = await open(tar);
  try {
    let records = new Map<string, Buffer>();
    for (let at = 0; ; ) {
      const header = await readBytes(handle, at, BLOCK);
      if (header.every((byte) => byte === 0)) return;
      const record = (key: string) => records.get(key)?.toString();
      const size = Number(record('size') ?? readNumber(header, 124, 136));
      const type = header.toString('latin1', 156, 157);
      const kind = KINDS[type] ?? 'other';
      const start = at + BLOCK;
      const bytes = kind === 'hard link' ? 0 : size;
      at = start + Math.ceil(bytes / BLOCK) * BLOCK;
      const named = RECORD_OF[type];
      if (type === 'x') records = new Map([...records, ...parseRecords(await readBytes(handle, start, size))]);
      else if (named !== undefined) records.set(named, trimNul(await readBytes(handle, start, size)));
      // A header for all that follow says nothing that is asked for here.
      else if (type !== 'g') {
        yield {
          path: toAbsolute(record('path') ?? readName(header)),
          kind,
          target: record('linkpath') ?? readText(header, 157, 257),
          records,
          mode: readNumber(header, 100, 108) & 0o7777,
          uid: Number(record('uid') ?? readNumber(header, 108, 116)),
          gid: Number(record('gid') ?? readNumber(header, 116, 124)),
          mtime: Math.floor(Number(record('mtime') ?? readNumber(header, 136, 148))),
          start,
          bytes,
          content: () => readBytes(handle, start, size),
        };
        records = new Map();
      }
    }
  } finally {
    await handle.close();
  }
}

/** "./usr/bin/" and "usr/bin" are "/usr/bin"; nothing climbs out. */
function toAbsolute(path: string): string {
  return posix.normalize(`/${path}`).replace(/(.)\/$/, '$1');
}

function readName(header: Buffer): string {
  // GNU tar's own format has times where ustar has the first part of a long name.
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? readText(header, 345, 500) : '';
  return prefix === '' ? readText(header, 0, 100) : `${prefix}/${readText(header, 0, 100)}`;
}

function readText(header: Buffer, from: number, to: number): string {
  return trimNul(header.subarray(from, to)).toString('utf8');
}

function trimNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Octal digits; or, where they are too few, the number itself after a byte 0x80. */
function readNumber(header: Buffer, from: number, to: number): number {
  if (header[from] === 0x80) return header.readUIntBE(to - 6, 6);
  const digits = header.toString('latin1', from, to).replace(/\0.*$/s, '').trim();
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** "LENGTH key=value\n", one after the other, the length counting all of it. The package "tar" takes the values for text, and these are bytes. */
function parseRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(' ', at);
    const end = at + Number(body.toString('latin1', at, space));
    if (!(end > at)) throw new Error(`a pax header has no length at byte ${at}`);
    const equals = body.indexOf('=', space);
    records.set(body.toString('utf8', space + 1, equals), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

async function readBytes(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const found = await readRange(handle, position, bytes);
  if (found.length < bytes) throw new Error(`the tar ends at byte ${position + found.length}`);
  return found;
}
