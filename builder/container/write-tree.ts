import { type FileHandle, open } from 'node:fs/promises';
import { Header } from 'tar';
import { Failure } from '../../kit/failure.ts';
import { fitsUstar, padding, renderPax, shorten } from '../disk/pax.ts';
import type { Inode, Node } from './tree.ts';

const BLOCK = 512;
const FILE_BLOCK = 4096;
const CHUNK = 1024 * 1024;
/** What ustar has room for; pax takes the rest. */
const USTAR = { id: 0o7777777, bytes: 0o77777777777 };
const TYPES = { file: 'File', folder: 'Directory', 'symbolic link': 'SymbolicLink' } as const;

/** 4 KiB blocks and inodes that a tree takes at most. */
export interface TreeSize {
  readonly blocks: number;
  readonly inodes: number;
}

/** Writes a tree as a tar (pax) whose every byte the tree decides, as make-tar.sh would pack the folder. @param at where the tree's root stands on the card. */
export async function writeTree(root: Node, at: string, file: string): Promise<TreeSize> {
  const out = await open(file, 'wx');
  const sources = new Map<string, FileHandle>();
  const first = new Map<Inode, string>();
  let [blocks, inodes] = [0, 0];
  const write = async (path: string, { inode, children }: Node): Promise<void> => {
    const other = inode.kind === 'folder' ? undefined : first.get(inode);
    await out.appendFile(renderHeader(path, inode, other));
    if (other !== undefined) return;
    first.set(inode, path);
    inodes += 1;
    blocks += measure(inode, children);
    if (inode.kind === 'file') await copyContent(inode, sources, out);
    // By bytes, as every machine sorts them.
    for (const name of [...children.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      await write(`${path}/${name}`, children.get(name) as Node);
    }
  };
  try {
    await write(at, root);
    await out.appendFile(Buffer.alloc(2 * BLOCK));
    return { blocks, inodes };
  } finally {
    await Promise.all([out, ...sources.values()].map((handle) => handle.close()));
  }
}

/** A folder's names, and a link too long for its inode, take blocks of their own; attributes at most one. */
function measure({ kind, bytes, target, attributes }: Inode, children: Node['children']): number {
  const names = [...children.keys()].reduce((sum, name) => sum + 12 + Buffer.byteLength(name), 24);
  const own = {
    file: Math.ceil(bytes / FILE_BLOCK),
    folder: Math.ceil((names * 1.25) / FILE_BLOCK),
    'symbolic link': Buffer.byteLength(target) < 60 ? 0 : 1,
  };
  return own[kind] + (attributes.length > 0 ? 1 : 0);
}

async function copyContent({ tar, start, bytes }: Inode, sources: Map<string, FileHandle>, out: FileHandle): Promise<void> {
  const source = sources.get(tar) ?? (await open(tar));
  sources.set(tar, source);
  for (let done = 0; done < bytes; ) {
    const { buffer, bytesRead } = await source.read(Buffer.alloc(Math.min(CHUNK, bytes - done)), 0, undefined, start + done);
    if (bytesRead === 0) throw new Error(`"${tar}" ends before byte ${start + bytes}`);
    await out.appendFile(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  await out.appendFile(padding(bytes));
}

/** @param other the name that a file has already: this one is a second. */
function renderHeader(path: string, inode: Inode, other: string | undefined): Buffer {
  const name = `.${path}${inode.kind === 'folder' ? '/' : ''}`;
  const link = other === undefined ? inode.target : `.${other}`;
  const isLink = other !== undefined || inode.kind === 'symbolic link';
  const bytes = inode.kind === 'file' && other === undefined ? inode.bytes : 0;
  const records: (readonly [string, string | Buffer])[] = [];
  const say = (key: string, value: string | number) => records.push([key, String(value)]);
  if (!fitsUstar(name)) say('path', name);
  if (isLink && !fitsUstar(link)) say('linkpath', link);
  if (inode.uid > USTAR.id) say('uid', inode.uid);
  if (inode.gid > USTAR.id) say('gid', inode.gid);
  if (bytes > USTAR.bytes) say('size', bytes);
  if (other === undefined) records.push(...inode.attributes);
  const header = encode({
    path: shorten(name),
    mode: inode.mode,
    uid: Math.min(inode.uid, USTAR.id),
    gid: Math.min(inode.gid, USTAR.id),
    size: Math.min(bytes, USTAR.bytes),
    mtime: new Date(Math.max(0, inode.mtime) * 1000),
    type: other === undefined ? TYPES[inode.kind] : 'Link',
    ...(isLink ? { linkpath: shorten(link) } : {}),
  });
  return Buffer.concat([...renderPax(records), header]);
}

function encode(fields: ConstructorParameters<typeof Header>[0] & { readonly path: string }): Buffer {
  const block = Buffer.alloc(BLOCK);
  if (new Header(fields).encode(block)) throw new Failure(`Cannot pack "${fields.path}" of the image: a number in its header is too large`);
  return block;
}
