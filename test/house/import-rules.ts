import { posix } from 'node:path';
import type { SourceFile } from './source-files.ts';

/**
 * Which room may import which: one way, so that a room can be read without those above it. A room is the deepest folder of a file that this table
 * names; it may always import itself. A name that ends in "/" stands for all rooms below it.
 */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // What any program here needs, any page here needs, and what two sides must agree on.
  kit: [],
  web: [],
  protocol: [],

  // The command line: it alone knows both the builder and home.
  cli: ['cli/terminal', 'cli/verbs', 'kit'],
  'cli/verbs': ['bench', 'builder/', 'cli/terminal', 'cli/wizard', 'home', 'home/download', 'home/store', 'kit', 'protocol', 'web'],
  'cli/wizard': ['builder/platform', 'builder/workspace', 'cli/terminal', 'kit'],
  'cli/terminal': ['kit'],

  // The builder.
  'builder/release/making': [
    ...['builder/release/comparing', 'builder/release/folder', 'builder/release/notes', 'builder/release/software', 'builder/release/taking'],
    ...['builder/cards', 'builder/debian', 'builder/disk', 'builder/image', 'builder/profile', 'builder/sandbox', 'builder/seed', 'builder/try'],
    ...['builder/workspace', 'kit', 'protocol'],
  ],
  'builder/release/comparing': [
    ...['builder/release/folder', 'builder/release/notes', 'builder/release/taking'],
    ...['builder/disk', 'builder/image', 'builder/profile', 'kit', 'protocol'],
  ],
  'builder/release/taking': [
    ...['builder/release/folder', 'builder/cards', 'builder/fetch', 'builder/image', 'builder/profile', 'builder/workspace', 'kit', 'protocol'],
  ],
  'builder/release/notes': ['builder/debian', 'builder/profile', 'builder/raspios', 'builder/sandbox', 'kit'],
  'builder/release/software': ['builder/debian', 'builder/disk', 'builder/platform', 'builder/profile', 'builder/workspace', 'kit'],
  'builder/release/folder': ['builder/image', 'builder/profile', 'builder/seed', 'builder/workspace', 'kit', 'protocol'],
  // What is done for a client's card, each a function that a verb, a wizard and a release may call.
  'builder/cards': [
    'builder/disk',
    'builder/image',
    'builder/platform',
    'builder/profile',
    'builder/seed',
    'builder/try',
    'builder/workspace',
    'kit',
    'protocol',
  ],
  'builder/profile': [
    ...['builder/cache', 'builder/container', 'builder/debian', 'builder/disk', 'builder/image', 'builder/platform', 'builder/raspios'],
    ...['builder/sandbox', 'builder/workspace', 'kit', 'protocol'],
  ],
  'builder/try': ['builder/debian', 'builder/disk', 'builder/image', 'builder/platform', 'builder/sandbox', 'builder/workspace', 'kit'],
  'builder/container': ['builder/debian', 'builder/disk', 'builder/fetch', 'builder/platform', 'builder/sandbox', 'builder/workspace', 'kit'],
  'builder/raspios': ['builder/debian', 'builder/disk', 'builder/fetch', 'builder/platform', 'builder/sandbox', 'kit'],
  'builder/image': ['builder/debian', 'builder/sandbox', 'kit', 'protocol'],
  'builder/seed': ['builder/workspace', 'kit', 'protocol'],
  'builder/leaflet': ['web'],
  'builder/house': ['builder/platform', 'builder/sandbox', 'builder/try', 'kit'],
  'builder/debian': ['builder/disk', 'builder/fetch', 'builder/platform', 'builder/sandbox', 'kit'],
  'builder/sandbox': ['builder/fetch', 'builder/platform', 'kit'],
  'builder/workspace': ['builder/platform', 'kit', 'protocol'],
  'builder/cache': ['kit'],
  'builder/disk': ['kit'],
  'builder/fetch': ['kit'],
  'builder/platform': [],

  // The server. Its answers and pages know its store; none of them knows another.
  home: ['home/', 'kit', 'protocol'],
  'home/run': ['home/answers', 'home/limits', 'home/page', 'home/store', 'protocol'],
  'home/page': ['home/answers', 'home/limits', 'home/store', 'protocol', 'web'],
  'home/download': ['home/answers', 'home/limits', 'home/store', 'kit', 'protocol', 'web'],
  'home/metrics': ['home/answers', 'home/limits', 'home/store', 'protocol'],
  'home/sites': ['home/answers', 'home/limits', 'home/store'],
  'home/answers': ['home/limits', 'home/store', 'kit', 'protocol'],
  'home/store': ['home/limits', 'kit', 'protocol'],
  'home/hub': ['kit', 'protocol'],
  'home/limits': [],

  // A measurement may reach for anything.
  bench: ['builder/', 'cli/terminal', 'home/', 'kit', 'protocol'],
};

/** Each import that ALLOWED does not allow, as "from → to". Tests may import anything. */
export function findForbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    if (!/^(?:bench|builder|cli|home|kit|protocol|web)\//.test(file.path)) return [];
    const from = roomOf(file.path);
    const allowed = from === undefined ? undefined : ALLOWED[from];
    if (from === undefined || allowed === undefined) return file.path.endsWith('.ts') ? [`${file.path}: its folder is no room of the table`] : [];
    return importsOf(file)
      .filter((path) => {
        const to = roomOf(path) ?? path;
        return to !== from && !allowed.some((room) => room === to || (room.endsWith('/') && to.startsWith(room)));
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

function roomOf(path: string): string | undefined {
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    // A file at the door of builder/ or release/ would belong to no idea.
    if (folder in ALLOWED) return folder;
  }
  return undefined;
}

/** Paths, from the checkout, of the files that `file` imports by a relative path, types and dynamic imports too. */
function importsOf({ path, text }: SourceFile): string[] {
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"]+)\1/g)].map((match) => match[2] ?? '');
  return specifiers.map((specifier) => posix.join(posix.dirname(path), specifier));
}
