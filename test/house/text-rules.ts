import { isShell, isTypeScript, type SourceFile } from './source-files.ts';

const MOST_LINES = 250;
const CATCH_ALL = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager'];

export function findLongFiles(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isTypeScript(file) || isShell(file))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines, ${MOST_LINES} at most`);
}

/** A name says what a file owns, in kebab-case; folders too. */
export function findBadNames(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isTypeScript(file) || isShell(file))
    .filter(({ path }) => path.split('/').some((part) => !isGoodName(part)))
    .map(({ path }) => path);
}

function isGoodName(name: string): boolean {
  // What follows a dot says the kind of file: "compose.build.test.ts".
  const stem = name.replace(/^\./, '').split('.')[0] ?? '';
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem) && !stem.split('-').some((word) => CATCH_ALL.includes(word));
}

/** What prints: main, and home's log for whoever runs it. */
const PRINTING = ['cli/main.ts', 'home/run/log.ts'];

/** Only cli/main.ts prints and ends the process; everything else reports to it. */
export function findPrinting(files: readonly SourceFile[]): string[] {
  const words = /\bprocess\.(?:exit|exitCode|abort|stdout|stderr)\b|\bconsole\.(?:log|info|debug|warn|error|table|dir|trace)\b/;
  return findInCode(
    files.filter((file) => isProgram(file) && !PRINTING.includes(file.path)),
    words,
  );
}

/** What starts children, for all. */
const STARTING = ['kit/command.ts'];

/** Children are started in one place, which never uses a shell and explains every failure. */
export function findChildProcesses(files: readonly SourceFile[]): string[] {
  const others = files.filter((file) => isProgram(file) && !STARTING.includes(file.path));
  return findInCode(others, /from ['"](?:execa|(?:node:)?child_process)['"]/);
}

/** A newcomer looks first for what a comment names. */
export function findDanglingPages(files: readonly SourceFile[]): string[] {
  const pages = new Set(files.map(({ path }) => path).filter((path) => path.endsWith('.md')));
  const isThere = (name: string) => pages.has(name) || pages.has(`docs/${name}`);
  return files
    .filter((file) => !/^(?:test|docs)\/|\.md$/.test(file.path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const names = /^\s*(?:\/\/|\/?\*|#)/.test(line) ? [...line.replaceAll(/https?:\S+/g, '').matchAll(/[\w./-]*\w\.md\b/g)] : [];
        const missing = names.map(([name]) => name).filter((name) => !isThere(name));
        return missing.map((name) => `${path}:${index + 1}: ${name}`);
      }),
    );
}

/** A comment is a sentence: one that begins with "Of" or "As" leaves its subject to whoever reads the code. Its further lines may begin so. */
export function findFragments(files: readonly SourceFile[]): string[] {
  const comment = /^\s*(?:\/\/|\/?\*+|#(?!!))\s*/;
  return files
    .filter(({ path }) => !path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index, lines) => {
        const goesOn = /^\s*(?:\/\/|\*|#)/.test(line) && comment.test(lines[index - 1] ?? '') && !/^\s*\/\*\*$/.test(lines[index - 1] ?? '');
        return comment.test(line) && !goesOn && /^(?:Of|As) /.test(line.replace(comment, '')) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
      }),
    );
}

/** A test left alone silences all the others. */
export function findLoneTests(files: readonly SourceFile[]): string[] {
  const tests = files.filter((file) => file.path.startsWith('test/') && isTypeScript(file));
  return findInCode(tests, /\b(?:it|test|describe|suite)(?:\.\w+)*\.only\b/);
}

/** Places that name one of `words` (hosts, the checkout's folder) as a whole. */
export function findWords(files: readonly SourceFile[], words: readonly string[]): string[] {
  const patterns = words.map((word) => new RegExp(`(?<![\\w.-])${escapeRegExp(word)}(?![\\w-])`));
  return patterns.flatMap((pattern) =>
    files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    ),
  );
}

/** Files that may name a platform all the same, and why. */
const NAMING: Readonly<Record<string, string>> = {
  'builder/debian/toolbox.ts': 'the toolbox is of the processor of the machine that builds',
  'builder/house/missing-packages.sh': 'programs of the machine that builds',
  'builder/sandbox/accelerate.sh': 'programs of the machine that builds stand in for others',
  'builder/sandbox/unaccelerate.sh': 'the same programs are taken away',
  'builder/sandbox/debian-base.sh': 'its text is in the key of every base: the next change of it takes an argument instead',
  'builder/sandbox/enter.sh': 'it compares with the machine that builds, and the next change of it takes an argument',
  'builder/sandbox/system.sh': 'its text is in the key of every system: the next change of it takes an argument instead',
  'builder/raspios/os-list.ts': 'Raspberry Pi names the files of its images so',
  'builder/workspace/rules/raspios.ts': 'Raspberry Pi names the files of its images so',
  'cli/verbs/base.ts': 'Raspberry Pi names the files of its images so',
  'cli/wizard/words-en.ts': 'what a person reads of each base, by its name',
  'cli/wizard/words-fr.ts': 'what a person reads of each base, by its name',
};

/** What differs from one base to another is in its record: nothing else names an architecture or a base, and no file is excused that needn't be. */
export function findPlatformNames(files: readonly SourceFile[], bases: readonly string[]): string[] {
  const names = new RegExp(['arm64', 'aarch64', 'amd64', 'x86[_-]64', ...bases.map(escapeRegExp)].join('|'));
  const ruled = files.filter((file) => /^(?:builder|cli)\//.test(file.path) && !file.path.startsWith('builder/platform/'));
  return ruled
    .filter((file) => isTypeScript(file) || isShell(file))
    .flatMap(({ path, text }) => {
      // The path of a record has its name in it.
      const found = findInCode([{ path, text: text.replaceAll(/ from '[^']*\/platform\/[^']*'/g, '') }], names);
      if (!(path in NAMING)) return found;
      return found.length === 0 ? [`${path}: names no platform, and needs no exception`] : [];
    });
}

function isProgram(file: SourceFile): boolean {
  return isTypeScript(file) && /^(?:builder|cli|home|kit|protocol|web)\//.test(file.path);
}

function findInCode(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
