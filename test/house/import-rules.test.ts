import { describe, expect, it } from 'vitest';
import { ALLOWED, findCycles, findForbiddenImports, findImportCycles } from './import-rules.ts';

const file = (path: string, ...imports: string[]) => ({ path, text: imports.map((name) => `import { x } from '${name}';`).join('\n') });

describe('findForbiddenImports()', () => {
  it.each([
    ['a room that imports a verb', file('builder/image/compose.ts', '../../cli/verbs/build.ts')],
    ['the kit, if it imports a room', file('kit/command.ts', '../builder/sandbox/sandbox.ts')],
    ['a room that imports one above it', file('builder/workspace/load.ts', '../profile/build.ts')],
    ['main that reaches past the verbs', file('cli/main.ts', '../builder/image/compose.ts')],
    ['a room that imports main', file('builder/seed/make.ts', '../../cli/main.ts')],
    ['the builder, if it imports home', file('builder/leaflet/leaflet.ts', '../../home/page/frame.ts')],
    ['home, if it imports the builder', file('home/run/orders.ts', '../../builder/seed/order.ts')],
    ['a page of home that imports another', file('home/download/visit.ts', '../page/frame.ts')],
    ['the store, if it imports an answer', file('home/store/claims.ts', '../answers/claim.ts')],
    ['what is done for a card, if it imports a release', file('builder/cards/build-cards.ts', '../release/making/make.ts')],
    ['a release that imports a verb', file('builder/release/making/reproduce.ts', '../../../cli/verbs/release.ts')],
    ['a part of a release that imports the whole', file('builder/release/notes/notes.ts', '../making/make.ts')],
    ['a room that imports a test', file('builder/seed/make.ts', '../../test/seed/sample.ts')],
    ['a room that is not in the table', file('builder/attic/box.ts')],
    ['a loose file at the door of builder', file('builder/box.ts')],
    ['a loose file at the door of release', file('builder/release/box.ts')],
    ['an import for its types', { path: 'builder/debian/stage.ts', text: "import type { X } from '../image/prefix.ts';" }],
    ['an export from elsewhere', { path: 'builder/debian/stage.ts', text: "export * from '../image/prefix.ts';" }],
    ['an import while it runs', { path: 'builder/debian/stage.ts', text: "const x = await import('../image/prefix.ts');" }],
    ['an import over several lines', { path: 'builder/debian/stage.ts', text: "import {\n  x,\n} from '../image/prefix.ts';" }],
  ])('finds %s', (_, bad) => {
    expect(findForbiddenImports([bad])).toHaveLength(1);
  });

  it('accepts what the table allows, packages, and a room that imports itself', () => {
    expect(
      findForbiddenImports([file('builder/profile/build.ts', './disk.ts', '../image/prefix.ts', '../../kit/failure.ts', 'execa', 'node:fs')]),
    ).toEqual([]);
  });

  it('rules no test', () => {
    expect(findForbiddenImports([file('test/image/compose.test.ts', '../../builder/image/compose.ts')])).toEqual([]);
  });
});

describe('findImportCycles()', () => {
  it('finds a circle of files, once', () => {
    const files = [file('builder/a.ts', './b.ts'), file('builder/b.ts', './c.ts'), file('builder/c.ts', './a.ts'), file('builder/d.ts', './a.ts')];
    expect(findImportCycles(files)).toEqual(['builder/a.ts → builder/b.ts → builder/c.ts → builder/a.ts']);
  });

  it('finds a file that imports itself', () => {
    expect(findImportCycles([file('builder/a.ts', './a.ts')])).toHaveLength(1);
  });

  it('accepts two ways to one file', () => {
    expect(findImportCycles([file('builder/a.ts', './b.ts', './c.ts'), file('builder/b.ts', './c.ts'), file('builder/c.ts')])).toEqual([]);
  });
});

describe('ALLOWED', () => {
  it('has no circle itself', () => {
    const rooms = Object.keys(ALLOWED);
    const named = (name: string) => (name.endsWith('/') ? rooms.filter((room) => room.startsWith(name)) : [name]);
    const arrows = Object.entries(ALLOWED).map(([room, names]) => [room, names.flatMap(named).filter((name) => name !== room)] as const);
    expect(findCycles(new Map(arrows))).toEqual([]);
  });
});
