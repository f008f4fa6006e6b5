import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from './failure.ts';

/**
 * Where everything that can be made again is kept. Parts:
 * toolbox/ base/ system/ (tars by key), pool/ (.deb and package lists by SHA-256), blocks/ (compressed blocks by content),
 * containers/ (container apps: their file systems as tars, by key), stock/ (Debian roots that tests start from),
 * os-image/ (operating systems that were downloaded, unpacked, by digest), prefixes/ (finished profiles by digest), consoles/ (what booted images said), signatures/, npm/, tmp/ (work under way).
 */
export function cacheFolder(...parts: readonly string[]): string {
  const root = process.env['XDG_CACHE_HOME'] || join(homeFolder(), '.cache');
  return join(root, 'semeur', ...parts);
}

/** A user that the machine doesn't know, as in some containers, has none. */
function homeFolder(): string {
  let folder = '';
  try {
    folder = homedir();
  } catch {
    // Told below.
  }
  if (folder !== '') return folder;
  throw new Failure('Cannot find your home folder, where the cache is kept', { hint: 'Set HOME, or XDG_CACHE_HOME to a folder of yours' });
}
