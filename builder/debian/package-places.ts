import type { Deb } from './package-set.ts';

/** Where packages may be had besides a mirror, and what to do if they can't: the workspace knows. */
export interface MorePlaces {
  /** A release made with --with-pool: its address, or its folder. */
  readonly release?: string | undefined;
  /** An archive as it was at a moment, laid out as a mirror. "{time}" in it is the lock's own. */
  readonly snapshot?: string | undefined;
  /** A hint that says which command takes newer packages. */
  readonly renew?: string | undefined;
}

export interface Places extends MorePlaces {
  /** The mirrors: lines of sources.list(5). */
  readonly sources: readonly string[];
}

/** After the moment of the newest list, so that a snapshot has what it names; archives keep what was replaced for longer. */
const SNAPSHOT_SECONDS = 12 * 3600;

/**
 * Where to ask for a package, in the order in which it is sought: the release's pool, the mirrors, the snapshot. Each is an address or a path.
 * @param epoch of the lock, in seconds since 1970.
 */
export function addressesOf(deb: Deb, { release, snapshot, sources }: Places, epoch: number): string[] {
  const { sha256, name } = deb;
  const pool =
    release === undefined
      ? []
      : [isAddress(release) ? join(release, `pool/${sha256}/${encodeURIComponent(name)}`) : join(release, `pool/${sha256}/${name}`)];
  const archive = snapshot?.replaceAll('{time}', formatTime(epoch + SNAPSHOT_SECONDS));
  const then = archive === undefined ? [] : pathsIn(deb, { debian: [archive], security: [], raspberrypi: [] });
  return [...new Set([...pool, ...pathsIn(deb, archivesIn(sources)), ...then])];
}

export function isAddress(place: string): boolean {
  return /^https?:\/\//.test(place);
}

type Archives = Readonly<Record<NonNullable<Deb['archive']>, readonly string[]>>;

function archivesIn(sources: readonly string[]): Archives {
  const found = sources.map((line) => /^deb (\[.*\] )?(\S+) (\S+)/.exec(line) ?? []);
  const pick = (wanted: (options: string, suite: string) => boolean) =>
    found.filter(([, options = '', , suite = '']) => wanted(options, suite)).map(([, , uri = '']) => uri);
  return {
    debian: pick((options, suite) => options === '' && !suite.endsWith('-security')),
    security: pick((options, suite) => options === '' && suite.endsWith('-security')),
    raspberrypi: pick((options) => options !== ''),
  };
}

/** Where none is named for security updates, they lie beside the archive as on Debian's own servers; a point release takes them into it. */
function pathsIn({ archive, path }: Deb, archives: Archives): string[] {
  if (archive === undefined || path === undefined) return [];
  if (archive !== 'security') return archives[archive].map((base) => join(base, path));
  const beside = archives.debian.flatMap((base) => (/\/debian(?=\/|$)/.test(base) ? [base.replace(/\/debian(?=\/|$)/, '/debian-security')] : []));
  const own = archives.security.length > 0 ? archives.security : beside;
  return [...own.map((base) => join(base, path)), ...archives.debian.map((base) => join(base, path.replace(/^pool\/updates\//, 'pool/')))];
}

function join(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`;
}

/** "20250520T000000Z", as snapshot archives have it in their addresses. */
function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
}
