import { posix } from 'node:path';
import { Failure } from '../../kit/failure.ts';
import type { TarEntry } from '../disk/tar-entries.ts';

/** What a name leads to; two names of one are hard links. */
export interface Inode {
  readonly kind: 'file' | 'folder' | 'symbolic link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly target: string;
  /** Extended attributes, as pax names them. */
  readonly attributes: readonly (readonly [string, Buffer])[];
  /** Where a file's bytes are. */
  readonly tar: string;
  readonly start: number;
  readonly bytes: number;
}

export interface Node {
  inode: Inode;
  /** Only folders have one. */
  readonly children: Map<string, Node>;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const MOST_HOPS = 40;

export function emptyTree(): Node {
  return { inode: folderOf(0), children: new Map() };
}

/**
 * Lays one layer over a tree. Source: OCI image specification 1.1, "Image Layer Filesystem Changeset": what a layer takes away is of the layers below it, wherever
 * that stands in its tar.
 * @param tar that the entries are of.
 */
export function applyLayer(root: Node, tar: string, entries: readonly TarEntry[]): void {
  for (const entry of entries) checkName(entry.path);
  const isWhiteout = ({ path }: TarEntry) => posix.basename(path).startsWith(WHITEOUT);
  for (const { path } of entries.filter(isWhiteout)) takeAway(root, posix.dirname(path), posix.basename(path));
  for (const entry of entries) if (!isWhiteout(entry)) add(root, tar, entry);
}

function takeAway(root: Node, folder: string, name: string): void {
  const node = walk(root, folder);
  if (name === OPAQUE) node?.children.clear();
  else node?.children.delete(name.slice(WHITEOUT.length));
}

function add(root: Node, tar: string, entry: TarEntry): void {
  const { path, kind } = entry;
  // Devices and pipes: podman makes those that a program needs.
  if (kind === 'other') return;
  if (path === '/') {
    if (kind === 'folder') root.inode = inodeOf(entry, kind, tar);
    return;
  }
  const parent = walk(root, posix.dirname(path), entry.mtime);
  const name = posix.basename(path);
  if (parent?.inode.kind !== 'folder') throw broken(path, 'what should be its folder is a file');
  if (kind === 'hard link') {
    const other = walk(root, posix.dirname(posix.normalize(`/${entry.target}`)))?.children.get(posix.basename(entry.target));
    if (!other || other.inode.kind === 'folder') throw broken(path, 'it is a second name of a file that is not there');
    parent.children.set(name, { inode: other.inode, children: new Map() });
    return;
  }
  const old = parent.children.get(name);
  const keeps = kind === 'folder' && old?.inode.kind === 'folder';
  parent.children.set(name, { inode: inodeOf(entry, kind, tar), children: keeps ? old.children : new Map() });
}

function inodeOf({ mode, uid, gid, mtime, target, records, start, bytes }: TarEntry, kind: Inode['kind'], tar: string): Inode {
  const attributes = [...records].filter(([key]) => key.startsWith('SCHILY.xattr.') && !isOverlay(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  return { kind, mode, uid, gid, mtime, target, attributes, tar, start, bytes };
}

/** Where the card lays a folder over this one, the kernel would take such an attribute for its own. */
function isOverlay(key: string): boolean {
  return /^SCHILY\.xattr\.(trusted|user)\.overlay\./.test(key);
}

/**
 * The folder at a path; links on the way lead within the tree, as they will within the container.
 * @param made the time of folders that are missing; without it, none is made. @returns undefined when there is none.
 */
function walk(root: Node, path: string, made?: number): Node | undefined {
  const trail: { node: Node; name: string }[] = [];
  const words = path.split('/').filter((word) => word !== '');
  let node = root;
  for (let hops = 0; words.length > 0; ) {
    const name = words.shift() ?? '';
    if (name === '.' || name === '') continue;
    if (name === '..') {
      node = trail.pop()?.node ?? root;
      continue;
    }
    let next = node.children.get(name);
    if (!next && made !== undefined && node.inode.kind === 'folder') {
      next = { inode: folderOf(made), children: new Map() };
      node.children.set(name, next);
    }
    if (!next) return undefined;
    if (next.inode.kind === 'symbolic link') {
      hops += 1;
      if (hops > MOST_HOPS) throw broken(path, 'its links lead in a circle');
      words.unshift(...next.inode.target.split('/'));
      if (next.inode.target.startsWith('/')) {
        trail.length = 0;
        node = root;
      }
      continue;
    }
    trail.push({ node, name });
    node = next;
  }
  return node;
}

function folderOf(mtime: number): Inode {
  return { kind: 'folder', mode: 0o755, uid: 0, gid: 0, mtime, target: '', attributes: [], tar: '', start: 0, bytes: 0 };
}

/** Programs that read the disk's description line by line would take a line break for its end. */
function checkName(path: string): void {
  if (/[\p{Cc}\uFFFD]/u.test(path)) throw broken(JSON.stringify(path), 'its name has control characters, or is no UTF-8');
}

function broken(path: string, reason: string): Failure {
  return new Failure(`Cannot unpack "${path}" of the image: ${reason}`, { hint: 'Take another image, or tell those who publish it' });
}
