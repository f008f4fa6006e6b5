import type { ProfileLock } from '../../profile/lock.ts';
import type { OsImageLock } from '../../raspios/os-image-cache.ts';
import type { Closed } from './changelog.ts';
import type { ClosedCves } from './closed-cves.ts';
import { cardPackages, type LockChanges, type PackageChanges, packagesOf, type ReplacedPackage } from './lock-changes.ts';

export interface NotesOptions {
  readonly profile: string;
  /** The release's own time and version. */
  readonly lock: ProfileLock;
  /** Since the release before; left out, it is the first. */
  readonly since?: { readonly changes: LockChanges; readonly closed: ClosedCves };
}

/** A release's notes: what is new in it, or what the first one holds. The same text for the same locks. */
export function renderNotes({ profile, lock, since }: NotesOptions): string {
  const date = new Date(lock.epoch * 1000).toISOString().slice(0, 10);
  const parts = since === undefined ? renderFirst(lock) : renderChanges(since.changes, since.closed);
  return `${[`# ${profile}, with the packages of ${date}`, describeSystem(lock), ...parts].join('\n\n')}\n`;
}

function describeSystem(lock: ProfileLock): string {
  const count = cardPackages(lock).size;
  if (lock.image === undefined) return `Debian; ${countOf(count, 'package')} on the card.`;
  return `${describeImage(lock.image)}; ${countOf(count, 'package')} on the card beside those of that image.`;
}

function describeImage({ suite, release, download, image }: OsImageLock): string {
  const name = download.url.startsWith('file:') ? `An image of one's own, with Raspberry Pi OS ${suite}` : `Raspberry Pi OS ${suite}`;
  return `${name}${release === null ? '' : ` of ${release}`} (SHA-256 \`${image.sha256.slice(0, 16)}…\`)`;
}

function renderFirst(lock: ProfileLock): string[] {
  const added = [...packagesOf(lock.added).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = added.map(({ name, version }) => `- ${name} \`${version}\``);
  const containers = (lock.containers ?? []).map(({ overlay, image }) => `- ${overlay} \`${image}\``);
  return [
    'This is the first release.',
    ...renderList('Packages that the profile adds to its base', lines),
    ...renderList('Container apps', containers),
  ];
}

function renderChanges({ card, toolbox, image, containers }: LockChanges, closed: ClosedCves): string[] {
  const isEmpty = [card, toolbox].every((changes) => [changes.added, changes.removed, changes.replaced].every(({ length }) => length === 0));
  if (isEmpty && image === undefined && containers === undefined) return ['The packages are those of the release before.'];
  return [
    ...(image === undefined ? [] : [`## Operating system image\n\n${describeNewImage(image)}`]),
    ...renderContainers(containers),
    ...renderSection('On the card', card, closed.card),
    ...renderSection('Programs that made the image, not on the card', toolbox, closed.toolbox),
    ...renderCves(closed),
  ];
}

/** What changed within an image only its publisher knows. */
function renderContainers(containers: LockChanges['containers'] = []): string[] {
  const lines = containers.map(({ overlay, from, to }) => {
    if (from === undefined) return `- ${overlay}: new, \`${to}\``;
    return to === undefined ? `- ${overlay}: gone` : `- ${overlay}: \`${from}\` → \`${to}\``;
  });
  return lines.length === 0 ? [] : [`## Container apps\n\n${lines.join('\n')}`];
}

/** At the end, since a kernel closes hundreds. */
function renderCves({ card, toolbox }: ClosedCves): string[] {
  const named = (closed: ReadonlyMap<string, Closed>, where: string) =>
    groupLines(
      [...closed].flatMap(([name, one]) => ('cves' in one && one.cves.length > 0 ? [{ name, text: `${where}: ${one.cves.join(', ')}` }] : [])),
    );
  const lines = [...named(card, ''), ...named(toolbox, ' (not on the card)')];
  if (lines.length === 0) return [];
  return ['## CVEs closed', "Those that Debian's changelogs name in what is new since the release before.", lines.join('\n')];
}

function describeNewImage({ from, to }: NonNullable<LockChanges['image']>): string {
  const [before, after] = [from, to].map((one) => (one === undefined ? "Debian's packages alone" : describeImage(one)));
  return `Before: ${before}. Now: ${after}. What changed within such an image is not listed here.`;
}

function renderSection(title: string, { added, removed, replaced }: PackageChanges, closed: ReadonlyMap<string, Closed>): string[] {
  const how = (wanted: ReplacedPackage['how']) =>
    groupLines(replaced.filter((one) => one.how === wanted).map((one) => describeReplaced(one, closed)));
  const lists = [
    ...renderList('Updated', how('updated')),
    ...renderList('Back to an older version', how('went back')),
    ...renderList('The same version, built anew', how('rebuilt')),
    ...renderList('New', groupLines(added.map(({ name, version }) => ({ name, text: ` \`${version}\`` })))),
    ...renderList('Gone', groupLines(removed.map(({ name, version }) => ({ name, text: ` \`${version}\`` })))),
  ];
  return lists.length === 0 ? [] : [`## ${title}`, ...lists];
}

function describeReplaced({ name, from, to, how }: ReplacedPackage, closed: ReadonlyMap<string, Closed>): { name: string; text: string } {
  const found = closed.get(name);
  const versions = how === 'rebuilt' ? ` \`${to}\`` : ` \`${from}\` → \`${to}\``;
  if (found === undefined) return { name, text: versions };
  if ('unknown' in found) return { name, text: `${versions} (CVEs unknown: ${found.unknown})` };
  return { name, text: found.cves.length === 0 ? versions : `${versions}, closes ${countOf(found.cves.length, 'CVE')}` };
}

/** Packages of one source mostly change together, and say the same: they share a line. */
function groupLines(packages: readonly { name: string; text: string }[]): string[] {
  return [...Map.groupBy(packages, ({ text }) => text)].map(([text, same]) => `- ${same.map(({ name }) => name).join(', ')}${text}`);
}

function renderList(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:\n\n${lines.join('\n')}`];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
