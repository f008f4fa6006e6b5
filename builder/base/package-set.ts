import { createHash } from 'node:crypto';
import { access, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';

/** A file of the pool: /pool/SHA256/NAME in the cache. */
export interface PooledFile {
  readonly sha256: string;
  readonly name: string;
}

/** What apt was told and took: enough to take the same again, with no mirror, from the pool. */
export interface PackageSet {
  /** Signed Release files and package lists. */
  readonly lists: readonly PooledFile[];
  readonly debs: readonly PooledFile[];
}

/** Reads the "SHA256 NAME" lines that pool.sh writes. */
export function parsePooled(text: string): PooledFile[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ sha256: line.slice(0, 64), name: line.slice(65) }));
}

export function formatPooled(files: readonly PooledFile[]): string {
  return files.map(({ sha256, name }) => `${sha256} ${name}\n`).join('');
}

/** Reads the lists that pool.sh left in a work folder. */
export async function readPackageSet(folder: string): Promise<PackageSet> {
  const [lists, debs] = await Promise.all(
    ['lists', 'debs'].map(async (name) => parsePooled(await readFile(join(folder, name), 'utf8').catch(() => ''))),
  );
  return { lists: lists ?? [], debs: debs ?? [] };
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
 * Seconds since 1970 of the newest signed Release file: the SOURCE_DATE_EPOCH of everything made from the set.
 * Source: https://reproducible-builds.org/specs/source-date-epoch/
 */
export async function newestRelease(set: PackageSet): Promise<number> {
  const releases = set.lists.filter(({ name }) => name.endsWith('InRelease'));
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

/** The text of the sandbox's scripts named: what they do is part of every key. */
export async function scriptTexts(...names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map((name) => readFile(join(import.meta.dirname, 'sandbox', name), 'utf8')));
}
