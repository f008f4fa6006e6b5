import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { z } from 'zod';
import { reasonOf } from '../../kit/machine-trouble.ts';
import type { Finding } from './finding.ts';
import { type ReadValue, readValue } from './read-value.ts';
import { parseSource, type Source } from './source.ts';

/** One file of the workspace: what it is called, what it holds, and where each thing stands in it. */
export interface Entry<T> extends ReadValue<T> {
  /** The name of its file or folder. */
  readonly name: string;
  readonly source: Source;
}

/** Reads one YAML file. One that can't be opened is a finding too. */
export async function readEntry<S extends z.ZodObject>(workspace: string, file: string, name: string, schema: S): Promise<Entry<z.output<S>>> {
  const shown = showFile(workspace, file);
  try {
    const source = parseSource(shown, await readFile(file));
    return { name, source, ...readValue(schema, source) };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const source = parseSource(shown, new Uint8Array());
    return { name, source, value: undefined, known: {}, findings: [source.error([], `Cannot open this file: ${reasonOf(error)}`)] };
  }
}

/** Reads every NAME.yaml of a folder, in the order of their names. */
export async function readEntries<S extends z.ZodObject>(workspace: string, folder: string, schema: S) {
  const names = await listFolder(join(workspace, folder));
  const entries: Entry<z.output<S>>[] = [];
  const findings: Finding[] = [];
  // One after the other: ten thousand files opened at once are more than a process may.
  for (const file of names.filter((file) => file.endsWith('.yaml') && !file.startsWith('.'))) {
    entries.push(await readEntry(workspace, join(workspace, folder, file), basename(file, '.yaml'), schema));
  }
  for (const file of names.filter((file) => file.endsWith('.yml'))) {
    const hint = `Rename it to "${basename(file, '.yml')}.yaml"`;
    findings.push({ file: `${folder}/${file}`, line: 1, column: 1, level: 'error', message: 'Expected a name that ends with ".yaml"', hint });
  }
  return { entries, findings };
}

/** Names of the folders in a folder, sorted. */
export async function listFolders(folder: string): Promise<string[]> {
  const names = await listFolder(folder);
  const kinds = await Promise.all(names.map((name) => lstat(join(folder, name))));
  return names.filter((_, index) => kinds[index]?.isDirectory());
}

async function listFolder(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.sort();
}

/** What findings call it. */
export function showFile(workspace: string, file: string): string {
  return relative(workspace, file).split(sep).join('/');
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** The name inside a file must be its own: other files speak of it by that name. */
export function checkName<T>({ name, source, known }: Entry<T>, key: keyof T & string): Finding[] {
  const inside = known[key];
  if (inside === undefined || inside === name) return [];
  const own = basename(source.file) === `${name}.yaml` ? `the file "${name}.yaml"` : `the folder "${name}"`;
  return [
    source.error(
      [key],
      `Expected the name of ${own}`,
      `Write "${key}: ${name}", or rename ${own.startsWith('the file') ? 'the file' : 'the folder'}`,
    ),
  ];
}
