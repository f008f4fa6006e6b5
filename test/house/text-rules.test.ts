import { describe, expect, it } from 'vitest';
import { hostsIn } from './outside-names.ts';
import { findBadShell } from './shell-rules.ts';
import { isShell } from './source-files.ts';
import {
  findBadNames,
  findChildProcesses,
  findDanglingPages,
  findFragments,
  findLoneTests,
  findLongFiles,
  findPlatformNames,
  findPrinting,
  findWords,
} from './text-rules.ts';

const source = (path: string, text = '') => ({ path, text });

describe('findLongFiles()', () => {
  it('counts lines, TypeScript and shell only', () => {
    const lines = (count: number) => 'x\n'.repeat(count);
    expect(findLongFiles([source('a.ts', lines(251)), source('b.sh', lines(251)), source('c.ts', lines(250)), source('d.md', lines(251))])).toEqual([
      'a.ts: 251 lines, 250 at most',
      'b.sh: 251 lines, 250 at most',
    ]);
  });
});

describe('findBadNames()', () => {
  it.each([
    'builder/utils.ts',
    'builder/image-helpers.ts',
    'builder/common/x.ts',
    'builder/Image.ts',
    'builder/image_format.ts',
    'a/lib.misc/../misc.sh',
  ])('finds %s', (path) => expect(findBadNames([source(path)])).toEqual([path]));

  it('accepts kebab-case with a kind after dots', () => {
    expect(findBadNames([source('test/image/xz-seed-block.build.test.ts'), source('.ci/run', '#!/bin/sh\n'), source('Utils.md')])).toEqual([]);
  });
});

describe('findPrinting()', () => {
  it.each(['process.exit(1)', 'process.exitCode = 1', "process.stdout.write('')", 'console.log(1)'])('finds %s', (line) => {
    expect(findPrinting([source('builder/image/a.ts', line)])).toHaveLength(1);
  });

  it('accepts it in main, and what only speaks of it', () => {
    expect(
      findPrinting([source('cli/main.ts', 'process.exitCode = 1'), source('builder/a.ts', '// never process.exit\n/** console.log */')]),
    ).toEqual([]);
  });
});

describe('findChildProcesses()', () => {
  it('finds another way to start a child', () => {
    const files = ["import { execa } from 'execa';", "import { spawn } from 'node:child_process';"].map((line) => source('builder/a.ts', line));
    expect(findChildProcesses(files)).toHaveLength(2);
  });
});

describe('findDanglingPages()', () => {
  const pages = [source('docs/home.md'), source('README.md')];

  it.each(['// As PLAN.md says.', ' * (docs/nowhere.md)', '# See HOME.md', '/** In plan.md, part 3. */', '/** NOTES.md, of a release */'])(
    'finds %s',
    (line) => {
      expect(findDanglingPages([...pages, source('kit/a.ts', line)])).toHaveLength(1);
    },
  );

  it.each(['// docs/home.md', '// home.md', '# README.md', '// https://github.com/a/b/c.md', "const a = 'a.md';"])('accepts %s', (line) => {
    expect(findDanglingPages([...pages, source('kit/a.ts', line)])).toEqual([]);
  });
});

describe('findFragments()', () => {
  it.each(['/** Of a card: 4 bytes. */', '  // As the builder lays it.', '#!/bin/sh\n# Of what', '/**\n * As hex.'])('finds %j', (text) => {
    expect(findFragments([source('kit/a.ts', text)])).toHaveLength(1);
  });

  it.each(['// The size\n// Of a card.', '/** Assumed. */', 'const a = "Of";', '# It is as it was.'])('accepts %j', (text) => {
    expect(findFragments([source('kit/a.ts', text)])).toEqual([]);
  });
});

describe('findLoneTests()', () => {
  it.each(['it', 'describe', 'test.concurrent'])('finds one left alone by %s', (word) => {
    expect(findLoneTests([source('test/a.test.ts', `${word}${'.only'}('x', () => {});`)])).toHaveLength(1);
  });
});

describe('findPlatformNames()', () => {
  const find = (path: string, text: string) => findPlatformNames([source(path, text)], ['debian-arm64', 'debian-riscv']);

  it.each(["if (arch === 'arm64')", "['qemu-system-aarch64']", "'linux-image-amd64'", 'lib/x86_64-linux-gnu', "base === 'debian-riscv'"])(
    'finds %s',
    (line) => {
      expect(find('builder/a.ts', line)).toEqual([`builder/a.ts:1: ${line}`]);
      expect(find('cli/verbs/a.ts', line)).toHaveLength(1);
      expect(find('builder/sandbox/a.sh', line)).toHaveLength(1);
    },
  );

  it('accepts them in a record, in the import of one, in a comment, and in a file that is excused', () => {
    expect(find('builder/platform/a.ts', "'arm64'")).toEqual([]);
    expect(find('builder/a.ts', "import { debianArm64 } from '../platform/debian-arm64.ts';")).toEqual([]);
    expect(find('builder/a.ts', '/** Debian for arm64. */')).toEqual([]);
    expect(find('builder/debian/toolbox.ts', "'amd64'")).toEqual([]);
  });

  it('finds an excuse that is no longer needed', () => {
    expect(find('builder/debian/toolbox.ts', 'platform.architecture')).toEqual([expect.stringContaining('needs no exception')]);
  });
});

describe('findWords()', () => {
  it('finds whole names, with their places', () => {
    const files = [source('a.md', 'one\nhttps://mirror.example/debian\n'), source('b.md', 'my-mirror.example.org mirror.examples')];
    expect(findWords(files, ['mirror.example'])).toEqual(['a.md:2: https://mirror.example/debian']);
  });
});

describe('hostsIn()', () => {
  it('reads them from apt sources and a registry, this machine left out', () => {
    const text =
      'https://user:word@Registry.example/npm/\nURIs: http://mirror.example:8080/debian\n# http://old.example/\nhttp://localhost:3142 http://127.0.0.1/';
    expect(hostsIn(text)).toEqual(['mirror.example', 'registry.example']);
  });
});

describe('findBadShell()', () => {
  const good = '#!/bin/sh\n# Says what it does.\nset -eu\n\nmain() {\n\t:\n}\n\nmain "$@"\n';

  it('accepts a program in main, and a file that is only read', () => {
    expect(findBadShell([source('a.sh', good), source('b.sh', '# Says things.\n# Sourced by the steps.\nsay() {\n\t:\n}\n')])).toEqual([]);
  });

  it.each([
    ['no first line, and no word of who reads it', good.replace('#!/bin/sh\n', '')],
    ['another shell', good.replace('/bin/sh', '/bin/bash')],
    ['no set -eu', good.replace('set -eu\n', '')],
    ['set -eu that comes late', good.replace('set -eu', 'cd /\nset -eu')],
    ['no call of main', good.replace('\nmain "$@"\n', '')],
    ['something after main', `${good}echo done\n`],
    ['a cut end', good.slice(0, -3)],
  ])('finds %s', (_, text) => {
    expect(findBadShell([source('a.sh', text)])).toHaveLength(1);
  });
});

describe('isShell()', () => {
  it('knows programs without a suffix by their first line', () => {
    expect([source('firstboot/steps/seed', '#!/bin/sh\n'), source('run', '#!/usr/bin/env bash\n'), source('a.sh')].every(isShell)).toBe(true);
    expect([source('README.md', 'sh\n'), source('a.ts', '#!/usr/bin/env node\n')].some(isShell)).toBe(false);
  });
});
