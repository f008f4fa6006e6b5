import { readTarEntries, type TarEntry } from './tar-entries.ts';

/** An extended attribute that a tar has. */
export interface TarAttribute {
  /** Absolute, on the Pi. */
  readonly path: string;
  readonly name: string;
  /** Hexadecimal. */
  readonly value: string;
}

/** The one that mke2fs takes from a tar by itself; it leaves out all others, ACLs among them (e2fsprogs 1.47, create_inode_libarchive.c). */
const TAKEN = 'SCHILY.xattr.security.capability';
const PREFIX = 'SCHILY.xattr.';

/** Every attribute that has to be set once mke2fs has read the tar. */
export async function readTarAttributes(tar: string): Promise<TarAttribute[]> {
  const found: TarAttribute[] = [];
  for await (const entry of readTarEntries(tar)) {
    if (entry.kind !== 'hard link') found.push(...listAttributes(entry));
  }
  return found;
}

function listAttributes({ path, records }: TarEntry): TarAttribute[] {
  return [...records]
    .filter(([key]) => key.startsWith(PREFIX) && key !== TAKEN)
    .map(([key, value]) => ({ path, name: key.slice(PREFIX.length), value: value.toString('hex') }));
}
