import { dirname } from 'node:path';
import { Header } from 'tar';
import { Failure } from '../../kit/failure.ts';
import type { System } from './system.ts';

/** One thing that the layer puts on the root file system, over whatever the packages left there. */
export interface LayerEntry {
  /** Absolute, on the Pi. */
  readonly path: string;
  readonly content: { readonly file: Buffer } | { readonly link: string } | { readonly folder: true };
  readonly mode: number;
  /** "user:group". */
  readonly owner: string;
  /** Whose it is, for messages: an overlay's name. */
  readonly from: string;
}

/**
 * Puts entries in the order they are written: by path within each group, groups (overlays first, first boot last) as given, so that a
 * change in one overlay moves few bytes. Folders that the system lacks are added.
 * @throws {Failure} when two groups write the same path.
 */
export function planLayer(groups: readonly (readonly LayerEntry[])[], system: Pick<System, 'folders'>): LayerEntry[] {
  const known = new Map<string, string>();
  const planned: LayerEntry[] = [];
  const add = (entry: LayerEntry) => {
    const owner = known.get(entry.path);
    if (owner !== undefined) throw collision(entry, owner);
    known.set(entry.path, entry.from);
    planned.push(entry);
  };
  for (const group of groups) {
    for (const entry of group.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      for (const folder of foldersAbove(entry.path)) {
        if (system.folders.has(folder) || known.has(folder)) continue;
        add({ path: folder, content: { folder: true }, mode: 0o755, owner: 'root:root', from: entry.from });
      }
      add(entry);
    }
  }
  return planned;
}

function collision(entry: LayerEntry, other: string): Failure {
  return new Failure(`Cannot lay "${entry.from}" over the system: "${entry.path}" is also written by "${other}"`, {
    hint: 'Choose one of the two services, or another path',
  });
}

function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) above.unshift(folder);
  return above;
}

/** The layer as a tar (ustar) whose every byte is said here: owners by number, one time for all. */
export function renderLayer(entries: readonly LayerEntry[], system: Pick<System, 'users' | 'groups'>, epoch: number): Buffer {
  const parts = entries.flatMap((entry) => renderEntry(entry, findOwner(entry, system), epoch));
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function renderEntry({ path, content, mode }: LayerEntry, { uid, gid }: { uid: number; gid: number }, epoch: number): Buffer[] {
  const data = 'file' in content ? content.file : Buffer.alloc(0);
  const type = 'file' in content ? 'File' : 'link' in content ? 'SymbolicLink' : 'Directory';
  const header = new Header({
    path: `.${path}${type === 'Directory' ? '/' : ''}`,
    mode,
    uid,
    gid,
    size: data.length,
    mtime: new Date(epoch * 1000),
    type,
    ...('link' in content ? { linkpath: content.link } : {}),
  });
  const block = Buffer.alloc(512);
  if (header.encode(block)) throw new Failure(`Cannot lay "${path}" over the system: its name or a number in it is too long for ustar`);
  return [block, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}

function findOwner({ owner, path, from }: LayerEntry, { users, groups }: Pick<System, 'users' | 'groups'>) {
  const [user = '', group = ''] = owner.split(':');
  const uid = users.get(user);
  const gid = groups.get(group);
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  throw new Failure(`Cannot lay "${path}" of "${from}" over the system: no user and group "${owner}" there`, {
    hint: 'Name a user that one of its packages makes, or root:root',
  });
}

/** 4 KiB blocks and inodes that the layer takes at most. */
export function measureLayer(entries: readonly LayerEntry[]): { blocks: number; inodes: number } {
  const blocks = entries.reduce((sum, { content }) => sum + ('file' in content ? Math.ceil(content.file.length / 4096) : 1), 0);
  return { blocks, inodes: entries.length };
}
