import { posix } from 'node:path';
import type { SourceFile } from './source-files.ts';

/**
 * Which part of builder/ (bench/, home/ and protocol/ are parts too) may import which: one way, so that a part can be read without those above it.
 * "leaf" are the files of builder/ itself: they import one another and nothing else. A part may always import itself and leaves.
 */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  main: ['verbs'],
  verbs: ['base', 'bench', 'home', 'house', 'image', 'leaflet', 'profile', 'protocol', 'release', 'seed', 'try', 'wizard', 'workspace'],
  bench: ['base', 'home', 'image', 'profile', 'protocol', 'release', 'seed', 'try', 'workspace'],
  wizard: ['seed', 'workspace'],
  leaflet: ['home'],
  release: ['base', 'image', 'profile', 'protocol', 'seed', 'try', 'workspace'],
  try: ['base', 'image', 'profile', 'seed', 'workspace'],
  profile: ['base', 'container', 'image', 'seed', 'workspace'],
  container: ['base', 'workspace'],
  house: ['base', 'try'],
  image: ['base', 'protocol'],
  seed: ['protocol', 'workspace'],
  // The server: of builder/ it takes the leaves alone, so that it can run where there is no workspace to build from.
  home: ['protocol'],
  protocol: [],
  workspace: [],
  base: [],
  leaf: [],
};

/** Each import of these parts that ALLOWED does not allow, as "from → to". */
export function findForbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const from = partOf(file.path);
    const allowed = from === undefined ? undefined : ALLOWED[from];
    if (from === undefined) return [];
    if (allowed === undefined) return [`${file.path}: "${from}" is not in the table of parts`];
    return importsOf(file)
      .filter((path) => {
        const to = partOf(path) ?? 'outside builder/';
        return to !== from && to !== 'leaf' && !allowed.includes(to);
      })
      .map((path) => `${file.path} → ${path}`);
  });
}

/** Circles among files, each once, as "a → b → a". Type imports count: they bind as much when a file is read. */
export function findImportCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, importsOf(file)]));
  return findCycles(graph);
}

export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node);
    if (start >= 0) cycles.push([...trail.slice(start), node].join(' → '));
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return cycles;
}

function partOf(path: string): string | undefined {
  if (path === 'builder/main.ts') return 'main';
  const [top, part, inside] = path.split('/');
  if (top === 'bench' || top === 'home' || top === 'protocol') return top;
  if (top !== 'builder' || part === undefined) return undefined;
  return inside === undefined ? 'leaf' : part;
}

/** Paths, from the checkout, of the files that `file` imports by a relative path, types and dynamic imports too. */
function importsOf({ path, text }: SourceFile): string[] {
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g)].map((match) => match[2] ?? '');
  return specifiers.map((specifier) => posix.join(posix.dirname(path), specifier));
}
