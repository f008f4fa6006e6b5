import { readStanzas, type Stanza } from '../../debian/deb822.ts';

/** A package whose files are on the card. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: { readonly name: string; readonly version: string };
  /** "utils", or "non-free-firmware/kernel" where its component isn't main. */
  readonly section: string;
  readonly maintainer: string | undefined;
  /** What it needs, alternatives too: names alone, for dpkg has seen to it. */
  readonly depends: readonly string[];
  /** Other names that it answers to. */
  readonly provides: readonly string[];
}

/** What is left of a package then is at most its settings. */
const NOT_THERE = ['not-installed', 'config-files'];

/** Reads dpkg's database. @param file var/lib/dpkg/status. */
export async function readDpkgStatus(file: string): Promise<InstalledPackage[]> {
  const packages: InstalledPackage[] = [];
  for await (const stanza of readStanzas(file)) {
    const state = stanza.get('status')?.split(' ')[2];
    if (state !== undefined && !NOT_THERE.includes(state)) packages.push(parsePackage(stanza));
  }
  return packages;
}

function parsePackage(stanza: Stanza): InstalledPackage {
  const field = (name: string) => stanza.get(name) ?? '';
  const [name, version] = [field('package'), field('version')];
  // "Source: util-linux (2.41.5-0)", and nothing of what is the package's own.
  const [, sourceName = name, sourceVersion = version] = /^(\S+)(?: \((.*)\))?$/.exec(field('source')) ?? [];
  return {
    name,
    version,
    architecture: field('architecture'),
    source: { name: sourceName, version: sourceVersion },
    section: field('section'),
    maintainer: stanza.get('maintainer'),
    depends: [...parseRelations(field('pre-depends')), ...parseRelations(field('depends'))],
    provides: parseRelations(field('provides')),
  };
}

/** "libc6 (>= 2.38), dbus | dbus-broker, python3:any" */
function parseRelations(text: string): string[] {
  const names = text.split(/[,|]/).map((relation) => relation.trim().replace(/[\s(:].*$/s, ''));
  return names.filter((name) => name !== '');
}
