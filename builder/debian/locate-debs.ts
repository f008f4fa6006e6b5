import { readStanzas } from './deb822.ts';
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
    for await (const stanza of readStanzas(poolPath(list))) {
      const field = (name: string) => stanza.get(name) ?? '';
      if (!names.has(field('package')) || places.has(field('sha256'))) continue;
      places.set(field('sha256'), { bytes: Number(field('size')), archive, path: field('filename'), priority: field('priority') });
    }
  }
  return debs.map(({ sha256, name }) => ({ sha256, name, ...places.get(sha256) }));
}

/** pool.sh names lists so: "archive_dists_trixie-security_…"; the second archive of a suite is Raspberry Pi's. */
function archiveOf(list: string): Archive {
  if (!list.startsWith('archive_')) return 'raspberrypi';
  return /^archive_dists_[^_]*-security_/.test(list) ? 'security' : 'debian';
}
