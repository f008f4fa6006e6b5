import { join, posix } from 'node:path';
import { readTarEntries } from '../../disk/tar-entries.ts';
import { parseDebianCopyright } from './debian-copyright.ts';
import { type InstalledPackage, readDpkgStatus } from './dpkg-status.ts';
import type { OsRelease } from './package-url.ts';

/** What a profile's card has, as its own system tells. */
export interface CardContents {
  readonly packages: readonly InstalledPackage[];
  /** By package, as Debian names them: no entry where there is no copyright file, an empty one where it names none. */
  readonly licences: ReadonlyMap<string, readonly string[]>;
  readonly osRelease: OsRelease;
}

/** Reads what system.sh packed. @param folder of the system, in the cache: `status` and `root.tar`. */
export async function readCardContents(folder: string): Promise<CardContents> {
  const packages = await readDpkgStatus(join(folder, 'status'));
  const tree = await readTree(join(folder, 'root.tar'));
  const licences = packages.flatMap(({ name }) => {
    const copyright = findFile(tree, `/usr/share/doc/${name}/copyright`);
    return copyright === undefined ? [] : [[name, parseDebianCopyright(copyright)] as const];
  });
  return { packages, licences: new Map(licences), osRelease: parseOsRelease(findFile(tree, '/usr/lib/os-release') ?? '') };
}

interface Tree {
  readonly files: Map<string, string>;
  /** Where each leads, as an absolute path: packages of one source often share a folder, or one file. */
  readonly links: Map<string, string>;
}

const WANTED = /^\/usr\/(share\/doc\/[^/]+(\/copyright)?|lib\/os-release)$/;

async function readTree(tar: string): Promise<Tree> {
  const tree: Tree = { files: new Map(), links: new Map() };
  for await (const { path, kind, target, content } of readTarEntries(tar)) {
    if (!WANTED.test(path)) continue;
    if (kind === 'file') tree.files.set(path, (await content()).toString('utf8'));
    if (kind === 'symbolic link') tree.links.set(path, posix.resolve(posix.dirname(path), target));
    if (kind === 'hard link') tree.links.set(path, posix.join('/', target));
  }
  return tree;
}

/** Follows links of the file and of its folder, a few: a circle has no end. */
function findFile({ files, links }: Tree, path: string, hops = 8): string | undefined {
  const folder = links.get(posix.dirname(path));
  const next = links.get(path) ?? (folder === undefined ? undefined : posix.join(folder, posix.basename(path)));
  return next === undefined || hops === 0 ? files.get(path) : findFile({ files, links }, next, hops - 1);
}

function parseOsRelease(text: string): OsRelease {
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(["']?)(.*)\2$/gm)].map(([, name = '', , value = '']) => [name, value]));
}
