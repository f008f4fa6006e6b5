import { readFile } from 'node:fs/promises';
import { type Archive, type Deb, type PooledFile, parseDebName, poolPath } from './package-set.ts';

/**
 * Adds to packages what it takes to find them, as package lists say.
 * @param lists in the pool.
 */
export async function locateDebs(lists: readonly PooledFile[], debs: readonly PooledFile[]): Promise<Deb[]> {
  const names = new Set(debs.map(({ name }) => parseDebName(name).name));
  const places = new Map<string, Omit<Deb, keyof PooledFile>>();
  for (const list of lists.filter(({ name }) => name.endsWith('_Packages'))) {
    const archive = archiveOf(list.name);
    for (const stanza of (await readFile(poolPath(list), 'utf8')).split('\n\n')) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
      if (!names.has(field('Package')) || places.has(field('SHA256'))) continue;
      places.set(field('SHA256'), { bytes: Number(field('Size')), archive, path: field('Filename'), priority: field('Priority') });
    }
  }
  return debs.map(({ sha256, name }) => ({ sha256, name, ...places.get(sha256) }));
}

/** pool.sh names lists so: "archive_dists_trixie-security_…"; the second archive of a suite is Raspberry Pi's. */
function archiveOf(list: string): Archive {
  if (!list.startsWith('archive_')) return 'raspberrypi';
  return /^archive_dists_[^_]*-security_/.test(list) ? 'security' : 'debian';
}
