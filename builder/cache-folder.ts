import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where everything that can be made again is kept. Parts:
 * toolbox/ base/ system/ (tars by key), pool/ (.deb and package lists by SHA-256), blocks/ (compressed blocks by content),
 * containers/ (container apps: their file systems as tars, by key),
 * os-image/ (operating systems that were downloaded, unpacked, by digest), prefixes/ (finished profiles by digest), consoles/ (what booted images said), signatures/, npm/, tmp/ (work under way).
 */
export function cacheFolder(...parts: readonly string[]): string {
  const root = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(root, 'semeur', ...parts);
}
