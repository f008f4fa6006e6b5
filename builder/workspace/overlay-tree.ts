import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { refuseCardPath } from './rules/card-paths.ts';
import type { Refusal } from './rules/rule.ts';

/** Something in an overlay's files/. */
export interface TreeEntry {
  /** Absolute, on the card. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Where a link points. */
  readonly target?: string;
  /** A file that may be run. */
  readonly isProgram?: boolean;
}

/** Lists a tree without following links. */
export async function readTree(root: string, path = ''): Promise<TreeEntry[]> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (path === '' && error.code === 'ENOENT') return [];
    throw error;
  });
  const found = await Promise.all(
    entries.map(async (entry): Promise<TreeEntry[]> => {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) return [{ path: inside, kind: 'folder' }, ...(await readTree(root, inside))];
      if (entry.isSymbolicLink()) return [{ path: inside, kind: 'link', target: await readlink(join(root, inside)) }];
      if (!entry.isFile()) return [{ path: inside, kind: 'other' }];
      return [{ path: inside, kind: 'file', isProgram: ((await lstat(join(root, inside))).mode & 0o100) !== 0 }];
    }),
  );
  return found.flat();
}

/** @returns why an entry can't be laid over the card's root. */
export function refuseTreeEntry({ path, kind, target = '' }: TreeEntry): Refusal | undefined {
  if (kind === 'other') return { message: 'Expected a file, a folder or a link', hint: 'Devices, pipes and sockets are made when the card runs' };
  if (kind === 'link' && climbsOut(path, target))
    return { message: `Cannot link to "${target}": it climbs above the card's root`, hint: 'Write an absolute path' };
  return kind === 'folder' ? undefined : refuseCardPath(path);
}

function climbsOut(path: string, target: string): boolean {
  if (target.startsWith('/')) return posix.normalize(`.${target}`).startsWith('..');
  return posix.normalize(`.${posix.dirname(path)}/${target}`).startsWith('..');
}
