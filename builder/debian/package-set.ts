import { createHash } from 'node:crypto';
import { access, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';

/** A file of the pool: /pool/SHA256/NAME in the cache. */
export interface PooledFile {
  readonly sha256: string;
  readonly name: string;
}

/** Whose archive a package is of. No address: who builds by a lock has another mirror. */
export const ARCHIVES = ['debian', 'security', 'raspberrypi'] as const;
export type Archive = (typeof ARCHIVES)[number];

/** A package, NAME_VERSION_ARCHITECTURE.deb as apt writes it, and what it takes to find it: a lock of version 1 has no more than the hash. */
export interface Deb extends PooledFile {
  readonly bytes?: number;
  readonly archive?: Archive;
  /** In the archive: "pool/main/…". */
  readonly path?: string;
  /** The archive's word, which may be another than the package's own: apt goes by it. */
  readonly priority?: string;
}

/** The packages of one stage: enough to install the same again. */
export interface PackageSet {
  readonly debs: readonly Deb[];
  /** Signed Release files and package lists: of a lock of version 1, and of an image, whose own packages a release looks up there. */
  readonly lists?: readonly PooledFile[];
  /** What the packages were chosen for, where that isn't the stage's own to say. */
  readonly packages?: readonly string[];
}

/** What a lock pins of one stage. */
export interface Pinned {
  readonly set: PackageSet;
  /** SOURCE_DATE_EPOCH. */
  readonly epoch: number;
}

/** Reads the "SHA256 NAME" lines that pool.sh writes. */
export function parsePooled(text: string): PooledFile[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ sha256: line.slice(0, 64), name: line.slice(65) }));
}

/** The package of a "busybox_1%3a1.37.0-6_arm64.deb": apt writes the colon of an epoch so. */
export function parseDebName(file: string): { readonly name: string; readonly version: string; readonly architecture: string } {
  const [name = '', version = '', architecture = ''] = file.replace(/\.deb$/, '').split('_');
  return { name, version: version.replaceAll('%3a', ':'), architecture };
}

export function formatPooled(files: readonly PooledFile[]): string {
  return files.map(({ sha256, name }) => `${sha256} ${name}\n`).join('');
}

/** A package a line, as pool.sh's "in" reads them: "SHA256 NAME PRIORITY BYTES ARCHIVE PATH", with "-" for what isn't known. */
export function formatDebs(debs: readonly Deb[]): string {
  const fields = ({ sha256, name, priority, bytes, archive, path }: Deb) => [sha256, name, priority, bytes, archive, path];
  const line = (deb: Deb) => fields(deb).map((field) => field ?? '-');
  return debs.map((deb) => `${line(deb).join(' ')}\n`).join('');
}

/** What apt is shown of them: their bytes, and what the archive said of them. */
export function formatOffered(debs: readonly Deb[]): string {
  return debs.map(({ sha256, name, priority = '-' }) => `${sha256} ${name} ${priority}\n`).join('');
}

export function parseDebs(text: string): Deb[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [sha256 = '', name = '', priority, bytes, archive, path] = line.split(' ').map((field) => (field === '-' ? undefined : field));
    return {
      ...{ sha256, name },
      ...(bytes !== undefined && { bytes: Number(bytes) }),
      ...(archive !== undefined && { archive: archive as Archive }),
      ...(path !== undefined && { path }),
      ...(priority !== undefined && { priority }),
    };
  });
}

/** Finds those of the packages that were installed, as pool.sh says. */
export async function readInstalled(folder: string, debs: readonly Deb[]): Promise<Deb[]> {
  const installed = new Set((await readPooled(folder, 'debs')).map(({ sha256 }) => sha256));
  return debs.filter(({ sha256 }) => installed.has(sha256));
}

/** Reads what pool.sh named in a work folder. */
export async function readPooled(folder: string, name: 'lists' | 'debs'): Promise<PooledFile[]> {
  return parsePooled(await readFile(join(folder, name), 'utf8'));
}

export function poolPath({ sha256, name }: PooledFile): string {
  return cacheFolder('pool', sha256, name);
}

/** For `cache prune`: what was made of them was used, so they are not to go before it. */
export async function touchPooled(files: readonly PooledFile[]): Promise<void> {
  const now = new Date();
  await Promise.allSettled(files.map((file) => utimes(poolPath(file), now, now)));
}

/** Whether the pool has each of them. */
export async function arePooled(files: readonly PooledFile[]): Promise<boolean> {
  const found = await Promise.allSettled(files.map((file) => access(poolPath(file))));
  return found.every(({ status }) => status === 'fulfilled');
}

/**
 * Seconds since 1970 of the newest signed Release file: the SOURCE_DATE_EPOCH of everything made by these lists.
 * Source: https://reproducible-builds.org/specs/source-date-epoch/
 */
export async function newestRelease(lists: readonly PooledFile[]): Promise<number> {
  const releases = lists.filter(({ name }) => name.endsWith('InRelease'));
  const texts = await Promise.all(releases.map((file) => readFile(poolPath(file), 'utf8')));
  const dates = texts.map((text) => Date.parse(text.match(/^Date: (.*)$/m)?.[1] ?? '') / 1000);
  return Math.max(...dates.filter(Number.isFinite));
}

/** A key for anything made from text inputs, in a fixed order. */
export function hashKey(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}
