import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Failure } from '../../../kit/failure.ts';
import { hashFile } from '../../../kit/hash-file.ts';

/** The list of a release's files, as `sha256sum -c` reads it, and its signature; what they don't name is no part of the release. */
export const SUMS = 'SHA256SUMS';
export const SUMS_SIGNATURE = `${SUMS}.sig`;

export interface Sum {
  /** From the release's folder, parts joined by "/". */
  readonly path: string;
  readonly sha256: string;
}

/** What is told of a file that a part of its name can't carry: nothing leads out of the folder, and no shell sees more than a word. */
const PART = /^[A-Za-z0-9_%][A-Za-z0-9._%+~-]*$/;

/**
 * Every file below `folder` but the list and its signature, sorted by the bytes of its path.
 * @throws {Failure} at what is no file: a link could lead anywhere.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const pathOf = (entry: { parentPath: string; name: string }) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/');
  const others = entries.filter((entry) => !entry.isDirectory() && !entry.isFile()).map(pathOf);
  if (others.length > 0) throw new Failure(`Cannot trust "${others[0]}": it is a link or a device, no file`, { hint: 'Download the release again' });
  const paths = entries.filter((entry) => entry.isFile()).map(pathOf);
  return paths.filter((path) => path !== SUMS && path !== SUMS_SIGNATURE).sort(compareBytes);
}

export async function sumFolder(folder: string, signal: AbortSignal): Promise<Sum[]> {
  const sums: Sum[] = [];
  for (const path of await listFiles(folder)) sums.push({ path, sha256: await hashFile(join(folder, path), signal) });
  return sums;
}

export function renderSums(sums: readonly Sum[]): string {
  return sums.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
}

/**
 * Reads SHA256SUMS, and nothing that `sha256sum` would take otherwise: each line exactly as renderSums() writes it, sorted, each path once.
 * @throws {Failure} that names the line.
 */
export function parseSums(text: string): Sum[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw damaged('its last line is cut');
  const sums = lines.map((line, index) => parseLine(line, index + 1));
  const unsorted = sums.findIndex(({ path }, index) => index > 0 && compareBytes(sums[index - 1]?.path ?? '', path) >= 0);
  if (unsorted >= 0) throw damaged(`line ${unsorted + 1} is out of order`);
  return sums;
}

function parseLine(line: string, number: number): Sum {
  const [, sha256 = '', path = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
  if (path !== '' && path.split('/').every((part) => PART.test(part))) return { path, sha256 };
  throw damaged(`line ${number} names no file of a release`);
}

function damaged(why: string): Failure {
  return new Failure(`Cannot trust "${SUMS}": ${why}`, { hint: 'Download the release again' });
}

function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
