import { basename } from 'node:path';
import type { Entry } from './entries.ts';
import { readValue } from './read-value.ts';
import { type ClientFile, clientSchema, type Operator, operatorSchema, type Profile, profileSchema } from './schema.ts';
import { parseSource } from './source.ts';

/** What is about to be written, for the same checks as what is there: each stands in for the workspace's file of its name, or beside it. */
export interface Planned {
  readonly operator?: Entry<Operator>;
  readonly profiles?: readonly Entry<Profile>[];
  readonly clients?: readonly Entry<ClientFile>[];
}

/** @param files texts by path; of other files than these three kinds nothing is checked. */
export function planFiles(files: ReadonlyMap<string, string>): Planned {
  const all = [...files];
  const operator = files.get('semeur.yaml');
  return {
    ...(operator === undefined ? {} : { operator: entryOf('semeur.yaml', operator, operatorSchema) }),
    profiles: all.flatMap(([path, text]) => (isIn('profiles', path) ? [entryOf(path, text, profileSchema)] : [])),
    clients: all.flatMap(([path, text]) => (isIn('clients', path) ? [entryOf(path, text, clientSchema)] : [])),
  };
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`) && path.endsWith('.yaml');
}

function entryOf<S extends Parameters<typeof readValue>[0]>(path: string, text: string, schema: S) {
  const source = parseSource(path, Buffer.from(text));
  return { name: basename(path, '.yaml'), source, ...readValue(schema, source) };
}

/** @returns the entries with those that are planned in the place of their like, and last: of two that clash, what is new is told. */
export function withPlanned<T>(entries: readonly Entry<T>[], planned: readonly Entry<T>[] = []): Entry<T>[] {
  const names = new Set(planned.map(({ name }) => name));
  return [...entries.filter(({ name }) => !names.has(name)), ...planned];
}
