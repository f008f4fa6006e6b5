import { describe, expect, it } from 'vitest';
import { ALLOWED, findCycles, findForbiddenImports, findImportCycles } from './import-rules.ts';

const file = (path: string, ...imports: string[]) => ({ path, text: imports.map((name) => `import { x } from '${name}';`).join('\n') });

describe('findForbiddenImports()', () => {
  it.each([
    ['a room that imports a verb', file('builder/image/compose.ts', '../verbs/build.ts')],
    ['a leaf that imports a room', file('builder/command.ts', './base/sandbox.ts')],
    ['a room that imports one above it', file('builder/workspace/load.ts', '../profile/build.ts')],
    ['main that reaches past the verbs', file('builder/main.ts', './image/compose.ts')],
    ['a room that imports main', file('builder/seed/make.ts', '../main.ts')],
    ['a room that imports a test', file('builder/seed/make.ts', '../../test/seed/sample.ts')],
    ['a room that is not in the table', file('builder/attic/box.ts')],
    ['an import for its types', { path: 'builder/base/stage.ts', text: "import type { X } from '../image/prefix.ts';" }],
    ['an export from elsewhere', { path: 'builder/base/stage.ts', text: "export * from '../image/prefix.ts';" }],
    ['an import while it runs', { path: 'builder/base/stage.ts', text: "const x = await import('../image/prefix.ts');" }],
    ['an import over several lines', { path: 'builder/base/stage.ts', text: "import {\n  x,\n} from '../image/prefix.ts';" }],
  ])('finds %s', (_, bad) => {
    expect(findForbiddenImports([bad])).toHaveLength(1);
  });

  it('accepts what the table allows, packages, and a room that imports itself', () => {
    expect(findForbiddenImports([file('builder/profile/build.ts', './disk.ts', '../image/prefix.ts', '../failure.ts', 'execa', 'node:fs')])).toEqual(
      [],
    );
  });

  it('rules builder/ only', () => {
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
    expect(findCycles(new Map(Object.entries(ALLOWED)))).toEqual([]);
  });
});
