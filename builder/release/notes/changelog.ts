/** What a changelog says of the step from an older version, or why it says nothing of it. */
export type Closed = { readonly cves: readonly string[] } | { readonly unknown: string };

interface Entry {
  readonly version: string;
  readonly text: string;
}

/**
 * The CVEs that a package's Debian changelog names in what is new since the version `from`.
 * Where the changelog doesn't name that very version nothing is said: older entries of another branch may name what was closed there before.
 * Source: deb-changelog(5).
 */
export function findClosed(changelog: string, from: string): Closed {
  const entries = readEntries(changelog);
  if (entries.length === 0) return { unknown: 'it has no Debian changelog' };
  // A package that was only built anew ("+b1") has the changelog of its source.
  const known = entries.findIndex(({ version }) => version === from.replace(/\+b\d+$/, ''));
  if (known < 0) return { unknown: 'its changelog does not name the version before' };
  const cves = entries.slice(0, known).flatMap(({ text }) => [...text.matchAll(/\bCVE-(\d{4})-(\d{4,})\b/gi)].map(([id]) => id.toUpperCase()));
  return { cves: [...new Set(cves)].sort(compareIds) };
}

/** Newest first. Empty when it is something else, such as the changelog of a package's authors. */
function readEntries(changelog: string): Entry[] {
  const header = /^[a-z0-9][a-z0-9+.-]* \(([^()\s]+)\)(?: +[A-Za-z0-9.+-]+)+; *[a-z-]+=.*$/gm;
  const headers = [...changelog.matchAll(header)];
  if (headers[0] === undefined || changelog.slice(0, headers[0].index).trim() !== '') return [];
  return headers.map(({ 1: version = '', index }, i) => ({ version, text: changelog.slice(index, headers[i + 1]?.index) }));
}

/** By year, then by number. */
function compareIds(a: string, b: string): number {
  const [yearA, numberA] = numbersOf(a);
  const [yearB, numberB] = numbersOf(b);
  return yearA - yearB || numberA - numberB;
}

function numbersOf(id: string): [year: number, number: number] {
  const [, year, number] = id.split('-').map(Number);
  return [year ?? 0, number ?? 0];
}
