import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CTRL_C, ENTER, semeur, Terminal } from '../terminal/open-terminal.ts';

let folder = '';
const terminals: Terminal[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-narrow-'));
  await mkdir(join(folder, 'here'));
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) terminal.kill();
  await rm(folder, { recursive: true, force: true });
});

function open(columns: number, env: Readonly<Record<string, string>>, ...args: readonly string[]): Terminal {
  const terminal = new Terminal(
    semeur(...args),
    join(folder, 'here'),
    { XDG_STATE_HOME: join(folder, `state-${columns}`), LANG: 'fr_FR.UTF-8', ...env },
    columns,
  );
  terminals.push(terminal);
  return terminal;
}

/** Without what comes at the end or doesn't, as Ctrl-C is early or late. */
const wordsOf = (text: string) => new Set(text.split(/[\s?✔❯]+/).filter((word) => !/^$|\^C|^Numéros$/.test(word)));

/** The same conversation, with words that are the same at every width. @returns what was written. */
async function talk(columns: number, env: Readonly<Record<string, string>>): Promise<string> {
  const terminal = open(columns, env, 'wizard');
  await terminal.answer(
    ['espace', ENTER],
    ['coopérative', `Les${ENTER}`],
    ['domaine', `racines.example${ENTER}`],
    ['aide@racines.example', ENTER],
    ['Téléphone', ENTER],
    ['Langue', ENTER],
    ['Fuseau', `Europe/Paris${ENTER}`],
    ['en chiffres', ENTER],
    ['VPN', ENTER],
    ['publique', ENTER],
    ['profil', ENTER],
    ['Système', ENTER],
    ['Modèles', CTRL_C],
  );
  await terminal.ended;
  return terminal.text;
}

describe('a terminal of 60 columns', () => {
  it.each([{ TERM: 'xterm' }, { TERM: 'dumb' }])('is asked the questions of the wizard in whole words ($TERM)', async (env) => {
    const wide = wordsOf(await talk(300, env));
    const narrow = await talk(60, env);
    expect([...wordsOf(narrow)].filter((word) => !wide.has(word))).toEqual([]);
    // With arrow keys, a question is drawn again and again over itself.
    if (env.TERM === 'dumb') expect(narrow.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });

  it.each<[string[]]>([[['--help']], [['init', '--help']], [['overlay', 'list']], [['build', 'nobody-that-anybody-knows', '--format', 'img']]])(
    'shows %j in whole words',
    async (args) => {
      await cp(join(import.meta.dirname, '../../examples'), join(folder, 'here'), { recursive: true });
      const read = async (columns: number) => {
        const terminal = open(columns, {}, ...args);
        await terminal.ended;
        return terminal.text;
      };
      const [wide, narrow] = await Promise.all([read(300), read(60)]);
      expect([...wordsOf(narrow)].filter((word) => !wordsOf(wide).has(word))).toEqual([]);
      // Commands to be copied are not broken.
      expect(narrow.split('\n').filter((line) => line.length > 60 && !/^ *semeur /.test(line))).toEqual([]);
    },
  );
});
