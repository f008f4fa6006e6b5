import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { ensureClientKeys } from '../../builder/seed/keys.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import { loadVerbs } from '../house/load-verbs.ts';
import { type Block, findBlocks, findSpans, listDocuments, readBlocks } from './blocks.ts';

const DOCUMENTS = await listDocuments();
const BLOCKS = (await Promise.all(DOCUMENTS.map(readBlocks))).flat();
const RUN = BLOCKS.filter(({ mark }) => mark === undefined);

let program: Command;
let folder = '';
beforeAll(async () => {
  program = await loadVerbs();
  folder = await mkdtemp(join(tmpdir(), 'semeur-docs-'));
  await mkdir(join(folder, 'bin'));
  await writeProgram(join(folder, 'bin/semeur'), STAND_IN);
  await writeProgram(join(folder, 'bin/sudo'), '#!/bin/sh\nexec "$@"\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What takes minutes, a network or a terminal is only taken in; all else is Semeur itself. */
const STAND_IN = `#!/bin/sh
case "$1 \${2:-}" in
boot*|build*|demo*|ssh*|test*|wizard*|'profile build'|'overlay test'|release*) exit 0 ;;
'home serve') exec '${process.execPath}' --input-type=module --eval "(await import('${join(findCheckout(), 'home/store/database.ts')}')).openDatabase('home').close()" ;;
esac
exec '${process.execPath}' --disable-warning=ExperimentalWarning '${join(findCheckout(), 'cli/main.ts')}' "$@"
`;

/** An operator's workspace, as it is by the time that somebody types this. */
async function makeWorkspace(): Promise<string> {
  const work = await mkdtemp(join(folder, 'coop-'));
  await cp(join(findCheckout(), 'examples'), work, { recursive: true });
  await ensureSecrets(work);
  for (const client of ['durand', 'zoe']) await ensureClientKeys(work, client);
  await writeFile(join(work, 'clients.csv'), 'client,name,settings.website.title\nluc,Luc,Chez Luc\n');
  // Where the checkout is the folder in which one is.
  await writeProgram(join(work, 'semeur'), STAND_IN);
  return work;
}

async function writeProgram(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  await chmod(file, 0o755);
}

function runBlock(script: string, cwd: string): Promise<{ code: number; said: string }> {
  const env = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: join(cwd, 'me'), LANG: 'C' };
  return new Promise((done) => {
    execFile('sh', ['-euc', `umask 022\n${script}`], { cwd, env, timeout: 300_000 }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr }),
    );
  });
}

/** @returns what of a line Semeur does not have: a command, or an option. */
function findUnknown(line: string): string[] {
  const words = line
    .replace(/\s[#<>|&;].*$/, '')
    .split(/\s+/)
    .slice(1);
  let command = program;
  for (const word of words) {
    const child = command.commands.find((one) => one.name() === word);
    if (!child) break;
    command = child;
  }
  if (command === program) return words[0]?.startsWith('--') ? [] : [words[0] ?? ''];
  if (command.name() === 'ssh') return [];
  const known = [...command.options.flatMap(({ long }) => long ?? []), '--json', '--workspace', '--help'];
  return words
    .filter((word) => word.startsWith('--'))
    .map((word) => word.replace(/[=,].*$/, ''))
    .filter((word) => !known.includes(word));
}

const semeurLines = ({ script }: Block) =>
  script.split('\n').flatMap((line) => /(?:^|\s|\/)(semeur [a-z-].*)$/.exec(line.replace(/\s#.*$/, ''))?.[1] ?? []);

describe('commands in README.md and docs/ (what builds or boots is a stand-in that takes its arguments)', { timeout: 600_000 }, () => {
  it('are found', () => {
    expect(BLOCKS.length).toBeGreaterThan(20);
    expect(RUN.length).toBeGreaterThan(5);
    const text = 'a\n\n    semeur check\n    two\n\n<!-- not run: needs root -->\n```sh\nls\n```\n\n    key: value\n\n```yaml\nx\n```\n';
    expect(findBlocks('a.md', text)).toEqual([
      { document: 'a.md', place: 'a.md:3', script: 'semeur check\ntwo', mark: undefined },
      { document: 'a.md', place: 'a.md:8', script: 'ls', mark: 'needs root' },
    ]);
  });

  it('are such as Semeur has, in blocks and in prose', async () => {
    const wrong = BLOCKS.flatMap((block) =>
      semeurLines(block).flatMap((line) => findUnknown(line).map((word) => `${block.place}: ${line}: ${word}`)),
    );
    const spans = await Promise.all(
      DOCUMENTS.map(async (document) => {
        const text = await readFile(join(findCheckout(), document), 'utf8');
        return findSpans(text).flatMap((span) => findUnknown(span).map((word) => `${document}: ${span}: ${word}`));
      }),
    );
    expect([...wrong, ...spans.flat()]).toEqual([]);
    expect(findUnknown('semeur client leaflet durand --lage')).toEqual(['--lage']);
    expect(findUnknown('semeur clint')).toEqual(['clint']);
  });

  // One after the other, in one workspace, as somebody does who follows the page.
  it.each([...new Set(RUN.map(({ document }) => document))])('run as they stand, or say why not: %s', async (document) => {
    const work = await makeWorkspace();
    for (const { place, script } of RUN.filter((block) => block.document === document)) {
      expect({ place, ...(await runBlock(script, work)) }).toMatchObject({ place, code: 0 });
    }
  });
});
