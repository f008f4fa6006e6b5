import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { semeur, Terminal } from '../terminal/open-terminal.ts';

const run = promisify(execFile);
const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** How each shell starts with nothing of the user's, and what its script needs before it. */
const START = {
  bash: { argv: ['bash', '--norc', '--noprofile'], before: '' },
  zsh: { argv: ['zsh', '--no-rcs'], before: 'autoload -Uz compinit; compinit -u; ' },
  fish: { argv: ['fish', '--no-config'], before: '' },
} as const;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-completion-'));
  await cp(join(import.meta.dirname, '../../examples'), folder, { recursive: true });
  for (const shell of SHELLS) {
    const [node = '', ...args] = semeur('completion', shell);
    await writeFile(join(folder, `semeur.${shell}`), (await run(node, args)).stdout);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What bash proposes behind these words: the function is called as bash calls it, without the keys. */
async function complete(...words: readonly string[]): Promise<string[]> {
  const script = `. ../semeur.bash; COMP_WORDS=(semeur "$@"); COMP_CWORD=$#; _semeur semeur "\${!#}"; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: join(folder, 'clients') });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('semeur completion', () => {
  it.each<[string[], string[]]>([
    [['cli'], ['client']],
    [['client', 's'], ['set']],
    [['build', 'd'], ['durand']],
    [
      ['build', 'durand', ''],
      ['bakery', 'durand', 'lherbier'],
    ],
    [['client', 'set', 'durand', '--hos'], ['--hostname']],
    [['client', 'set', 'durand', '--language', 'e'], ['en']],
    [['client', 'new', 'zoe', '--profile', ''], ['maison']],
    [['client', 'new', 'zoe', '--name', ''], []],
    [['--json', 'profile', 'build', ''], ['maison']],
    [['--workspace', '/nowhere', 'build', ''], []],
    [
      ['home', 'operator', ''],
      ['add', 'remove', 'list'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('proposes behind %j', async (words, proposed) => {
    expect(await complete(...words)).toEqual(proposed);
  });

  it.for(SHELLS)('completes on Tab in %s', async (shell, { skip }: TestContext) => {
    const isThere = await run('which', [shell]).then(
      () => true,
      () => false,
    );
    skip(!isThere, `${shell} is not installed`);
    const { argv, before } = START[shell];
    const terminal = new Terminal(argv, folder, { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder });
    try {
      terminal.type(`${before}source ./semeur.${shell}; semeur() { :; }; echo re''ady\r`.replace(shell === 'fish' ? 'semeur() { :; }; ' : '', ''));
      await terminal.see('ready');
      terminal.type('semeur client se\t');
      await terminal.see('semeur client set');
      terminal.type('lh\t--hos\t');
      await terminal.see('lherbier');
      await terminal.see('--hostname');
    } finally {
      terminal.kill();
    }
  });
});
