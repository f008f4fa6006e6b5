import type { FileHandle } from 'node:fs/promises';
import { readRange } from '../../kit/file-range.ts';
import { type Attribute, parseAttributeBlock, parseInodeAttributes } from './ext4-attributes.ts';
import { parseExtents, type Run } from './ext4-extents.ts';
import { type Ext4Identity, readGeometry, unreadable } from './ext4-superblock.ts';

/**
 * Reads an ext4 file system without mounting it: no root, no kernel, any OS. Only what a clean, plain root file system has; anything else is refused.
 * Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/
 */
export interface Ext4 {
  readonly identity: Ext4Identity;
  readonly blockSize: number;
  inode(number: number): Promise<Inode>;
  /** What a file or folder holds, in order; a hole is zeros. */
  content(inode: Inode): AsyncGenerator<Buffer>;
  /** Sorted by name, without "." and "..". */
  folder(inode: Inode): Promise<{ readonly name: string; readonly number: number }[]>;
  link(inode: Inode): Promise<string>;
  attributes(inode: Inode): Promise<Attribute[]>;
}

export interface Inode {
  readonly number: number;
  readonly kind: 'file' | 'folder' | 'link' | 'character' | 'block' | 'fifo' | 'socket';
  /** Permission bits, with set-user-ID, set-group-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: number;
  readonly links: number;
  /** Seconds since 1970, and nanoseconds. */
  readonly mtime: { readonly seconds: number; readonly nanoseconds: number };
  readonly device: { readonly major: number; readonly minor: number };
  readonly raw: Buffer;
}

export const ROOT_INODE = 2;

/** @param path from the root of the file system, through no link. @returns undefined where there is none. */
export async function findFile(ext4: Ext4, path: string): Promise<Inode | undefined> {
  let inode = await ext4.inode(ROOT_INODE);
  for (const name of path.split('/').filter((part) => part !== '')) {
    const entry = inode.kind === 'folder' ? (await ext4.folder(inode)).find((one) => one.name === name) : undefined;
    if (!entry) return undefined;
    inode = await ext4.inode(entry.number);
  }
  return inode;
}

const KINDS: Readonly<Record<number, Inode['kind']>> = {
  1: 'fifo',
  2: 'character',
  4: 'folder',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
};
const HAS_EXTENTS = 0x80000;
const MOST_AT_ONCE = 1024 * 1024;

/** @param offset of the file system in the file, in bytes. */
export async function openExt4(file: FileHandle, offset: number): Promise<Ext4> {
  const read = (at: number, bytes: number) => readAt(file, offset + at, bytes);
  const { identity, blockSize, inodeSize, inodesPerGroup, tables } = await readGeometry(read);
  // About 2 MB for each 128 MB of the file system.
  const groups = new Map<number, Buffer>();
  const readBlocks = (block: number, count = 1) => read(block * blockSize, count * blockSize);

  async function inode(number: number): Promise<Inode> {
    const group = Math.floor((number - 1) / inodesPerGroup);
    const table = groups.get(group) ?? (await read((tables[group] ?? 0) * blockSize, inodesPerGroup * inodeSize));
    groups.set(group, table);
    const start = ((number - 1) % inodesPerGroup) * inodeSize;
    return parseInode(number, table.subarray(start, start + inodeSize));
  }

  async function runs({ number, raw, bytes }: Inode): Promise<Run[]> {
    if (bytes === 0) return [];
    if (!(raw.readUInt32LE(32) & HAS_EXTENTS)) throw unreadable(`inode ${number} has no extents`);
    return parseExtents(raw.subarray(40, 100), (block) => readBlocks(block));
  }

  async function* content(node: Inode): AsyncGenerator<Buffer> {
    let done = 0;
    for (const run of await runs(node)) {
      yield* zeros(Math.min(run.at * blockSize, node.bytes) - done);
      done = Math.max(done, Math.min(run.at * blockSize, node.bytes));
      const end = Math.min((run.at + run.count) * blockSize, node.bytes);
      for (let from = run.block * blockSize; done < end; ) {
        const bytes = Math.min(MOST_AT_ONCE, end - done);
        yield run.isWritten ? await read(from, bytes) : Buffer.alloc(bytes);
        from += bytes;
        done += bytes;
      }
    }
    yield* zeros(node.bytes - done);
  }

  async function whole(node: Inode): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(content(node)));
  }

  return {
    identity,
    blockSize,
    inode,
    content,
    folder: async (node) => parseFolder(await whole(node), blockSize),
    // Short ones stand in the inode itself.
    link: async (node) => (node.bytes < 60 ? node.raw.subarray(40, 40 + node.bytes) : await whole(node)).toString('utf8'),
    async attributes({ raw }) {
      const block = raw.readUInt32LE(104) + raw.readUInt16LE(118) * 2 ** 32;
      return [...parseInodeAttributes(raw), ...(block === 0 ? [] : parseAttributeBlock(await readBlocks(block)))];
    },
  };
}

function parseInode(number: number, raw: Buffer): Inode {
  const mode = raw.readUInt16LE(0);
  const kind = KINDS[mode >> 12];
  if (kind === undefined) throw unreadable(`inode ${number} is of no known kind`);
  // Only inodes of more than 128 bytes have the finer half of the time.
  const extra = raw.length > 128 && raw.readUInt16LE(128) >= 12 ? raw.readUInt32LE(136) : 0;
  const [old, now] = [raw.readUInt32LE(40), raw.readUInt32LE(44)];
  return {
    number,
    kind,
    mode: mode & 0o7777,
    uid: raw.readUInt16LE(2) + raw.readUInt16LE(120) * 65536,
    gid: raw.readUInt16LE(24) + raw.readUInt16LE(122) * 65536,
    bytes: raw.readUInt32LE(4) + raw.readUInt32LE(108) * 2 ** 32,
    links: raw.readUInt16LE(26),
    mtime: { seconds: raw.readInt32LE(16) + (extra & 3) * 2 ** 32, nanoseconds: extra >>> 2 },
    device: old ? { major: (old >> 8) & 0xff, minor: old & 0xff } : { major: (now & 0xfff00) >> 8, minor: (now & 0xff) | ((now >> 12) & 0xfff00) },
    raw,
  };
}

/** Entry after entry: an index (htree) hides in entries of inode 0, so nothing has to be known of it. */
function parseFolder(content: Buffer, blockSize: number): { name: string; number: number }[] {
  const entries: { name: string; number: number }[] = [];
  for (let at = 0; at + 8 <= content.length; ) {
    const number = content.readUInt32LE(at);
    const length = content.readUInt16LE(at + 4);
    if (length < 8) throw unreadable(`a folder is damaged at byte ${at} of its ${content.length}, in blocks of ${blockSize}`);
    const name = content.toString('utf8', at + 8, at + 8 + content.readUInt8(at + 6));
    if (number !== 0 && name !== '.' && name !== '..') entries.push({ name, number });
    at += length;
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function* zeros(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= MOST_AT_ONCE) yield Buffer.alloc(Math.min(left, MOST_AT_ONCE));
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const found = await readRange(file, position, bytes);
  if (found.length < bytes) throw unreadable(`it ends at byte ${position + found.length}, and ${bytes - found.length} more are needed`);
  return found;
}
