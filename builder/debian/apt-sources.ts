import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStanzas } from './deb822.ts';

/** Where packages come from. No mirror is written in Semeur: the workspace's, else the one this machine uses, else mmdebstrap's default. */
export interface Mirrors {
  readonly archive: string;
  /** Undefined when only an archive is known: then its suites come without security updates. */
  readonly security: string | undefined;
}

const COMPONENTS = 'main non-free-firmware';

/**
 * The one-line-style sources (sources.list(5)) of a Debian suite.
 * @returns [] when no mirror is known, which makes mmdebstrap take its own default.
 */
export function sourceLines(suite: string, mirrors: Mirrors | undefined, components = COMPONENTS): string[] {
  if (!mirrors) return [];
  const lines = [`deb ${mirrors.archive} ${suite} ${components}`, `deb ${mirrors.archive} ${suite}-updates ${components}`];
  return mirrors.security === undefined ? lines : [...lines, `deb ${mirrors.security} ${suite}-security ${components}`];
}

/** The Debian mirrors of this machine's own apt, from sources.list and sources.list.d; undefined when it isn't Debian's. */
export async function hostMirrors(etcApt = '/etc/apt', osRelease = '/etc/os-release'): Promise<Mirrors | undefined> {
  const release = await readFile(osRelease, 'utf8').catch(() => '');
  if (!/^ID=debian$/m.test(release)) return undefined;
  const entries = (await readSourceFiles(etcApt)).flatMap(parseSources);
  const archive = entries.find(({ suite }) => /^[a-z]+$/.test(suite))?.uri;
  const security = entries.find(({ suite }) => suite.endsWith('-security'))?.uri;
  return archive === undefined ? undefined : { archive, security };
}

async function readSourceFiles(etcApt: string): Promise<string[]> {
  const folder = join(etcApt, 'sources.list.d');
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(sources|list)$/.test(name)).sort();
  const files = [join(etcApt, 'sources.list'), ...names.map((name) => join(folder, name))];
  return Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
}

interface Source {
  readonly uri: string;
  readonly suite: string;
}

/** Both forms of sources.list(5): `deb [options] URI suite component…` and deb822 stanzas. Third parties' archives have no "main". */
export function parseSources(text: string): Source[] {
  const oneLine = [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+.*\bmain\b/gm)].map((match) => ({
    uri: match[1] ?? '',
    suite: match[2] ?? '',
  }));
  const stanzas = parseStanzas(text).flatMap((stanza) => {
    const words = (field: string) => stanza.get(field)?.split(/\s+/) ?? [];
    const [uri] = words('uris');
    if (!uri || !words('types').includes('deb') || !words('components').includes('main') || words('enabled')[0] === 'no') return [];
    return words('suites').map((suite) => ({ uri, suite }));
  });
  return [...oneLine, ...stanzas].filter(({ uri }) => /\/debian(-security)?\/?$/.test(uri) || /\bdebian\b/.test(uri));
}
