import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureClientKeys } from '../../builder/seed/keys.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import { CTRL_C, DOWN, ENTER, semeur, Terminal } from '../terminal/open-terminal.ts';
import { BEGIN_FR } from './begin-fr.ts';
import { readTree } from './read-tree.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const EXAMPLES = join(import.meta.dirname, '../../examples');

let folder = '';
let terminals: Terminal[] = [];

beforeEach(async () => {
  terminals = [];
  folder = await mkdtemp(join(tmpdir(), 'semeur-wizard-'));
  await mkdir(join(folder, 'here'));
});
afterEach(async () => {
  for (const terminal of terminals) terminal.kill();
  await rm(folder, { recursive: true, force: true });
});

function open(args: readonly string[], env: Readonly<Record<string, string>>): Terminal {
  const terminal = new Terminal(semeur('wizard', ...args), join(folder, 'here'), { XDG_STATE_HOME: join(folder, 'state'), ...env });
  terminals.push(terminal);
  return terminal;
}

/** Runs commands as a shell does, in another folder. */
function runInShell(lines: string, cwd: string): Promise<{ code: number; stdout: string }> {
  const script = `set -e\nsemeur() { '${process.execPath}' '${MAIN}' "$@"; }\n${lines}`;
  return new Promise((done) => {
    execFile('sh', ['-c', script], { cwd }, (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), stdout: stdout + stderr }));
  });
}

const check = () => runInShell('semeur check', join(folder, 'here'));
const readHere = (path: string) => readFile(join(folder, 'here', path), 'utf8');
async function drafts(): Promise<string[]> {
  return readdir(join(folder, 'state/semeur/drafts')).catch(() => []);
}

describe('semeur wizard, line by line, in French', () => {
  it('goes from an empty folder to a workspace that check takes, with corrections on the way; its commands do the same', async () => {
    const terminal = open([], { LANG: 'fr_FR.UTF-8', TERM: 'dumb' });
    await terminal.answer(
      ...BEGIN_FR,
      ['Nom du client', `Émilie & Cie${ENTER}`],
      ['[emilie-cie]', `emilie${ENTER}`],
      ['Langue du client', `2${ENTER}`],
      ['[emilie]', `herbier${ENTER}`],
      ['[usb]', `-${ENTER}`],
      ['Titre de la page', `L'herbier${ENTER}`],
      ['Texte', `Un.\\nDeux : « 2 ».${ENTER}`],
      ['Nom de domaine', ENTER],
      ['Comment la carte', `2${ENTER}`],
      ['Nom du réseau', `Livebox${ENTER}`],
      ['Pays', `fr${ENTER}`],
      ['Pris comme « FR »', ''],
      ['Mot de passe', `court${ENTER}`],
      ['de 8 à 63', ''],
      // Not before its question: what is typed early is shown.
      ['Mot de passe', `motdepasse${ENTER}`],
      ['encore une fois : ', `motdepassse${ENTER}`],
      ['ce n’est pas le même', ''],
      ['encore une fois : ', `motdepasse${ENTER}`],
      ['L’écrire', `1${ENTER}`],
      ['maintenant ?', `2${ENTER}`],
      ['Que voulez-vous', `7${ENTER}`],
    );
    expect({ code: await terminal.ended, text: terminal.text }).toMatchObject({ code: 0 });
    expect(await check()).toEqual({ code: 0, stdout: expect.stringMatching(/^All is well but for 5 warnings: 1 profile, 1 client,/m) });
    expect(terminal.text).toMatch(
      /C’est écrit\. Avant de donner des cartes, [^\n]*\nsemeur.yaml:5:8: warning: "racines.example" is a name for examples/,
    );
    // Not before the name of a site, nor before a choice.
    expect(terminal.text.match(/« \\n » commence une nouvelle ligne/g)).toHaveLength(3);
    expect((await loadWorkspace(join(folder, 'here'))).clients.get('emilie')).toMatchObject({
      name: 'Émilie & Cie',
      language: 'en',
      hostname: 'herbier',
      settings: { backup: { to: '' }, website: { title: "L'herbier", text: 'Un.\nDeux : « 2 ».' } },
      wifi: { ssid: 'Livebox', password: 'motdepasse', country: 'FR' },
    });
    expect(terminal.text).not.toContain('motdepasse');
    expect(terminal.raw).not.toContain('\x1b');
    expect(await drafts()).toEqual([]);
    const [, commands = ''] = terminal.text.split('La même chose sans questions :\n');
    const lines = commands.split('\n  (')[0]?.replace(/^ {2}semeur build .*$/m, '') ?? '';
    await mkdir(join(folder, 'there'));
    await writeFile(join(folder, 'there/password.txt'), 'motdepasse\n');
    expect(await runInShell(lines, join(folder, 'there'))).toMatchObject({ code: 0 });
    await rm(join(folder, 'there/password.txt'));
    expect(await readTree(join(folder, 'there'))).toEqual(await readTree(join(folder, 'here')));
  });
});

describe('semeur wizard, stopped where it is asked line by line', () => {
  it.each([
    ['on Ctrl-C', CTRL_C],
    ['at the end of the input', '\x04'],
  ])('says so %s, and ends with 130', async (_, keys) => {
    const terminal = open(['--plain'], {});
    await terminal.answer(['Dossier', ENTER], ['Nom de votre coopérative', keys]);
    expect(await terminal.ended).toBe(130);
    expect(terminal.text).toContain('\nsemeur: Arrêt : vos réponses sont gardées, sauf les mots de passe\n');
    expect(await drafts()).toHaveLength(1);
  });
});

describe('semeur wizard, with arrow keys, in English', () => {
  it('keeps what was typed when it is stopped, but no password, and goes on where one was', async () => {
    const env = { LANG: 'en_GB.UTF-8', NO_COLOR: '1' };
    const first = open([], env);
    await first.answer(
      ['Folder of', ENTER],
      ['Name of your', `Roots & Co${ENTER}`],
      ['domain', `roots.example${ENTER}`],
      ['Mail', ENTER],
      ['Telephone', `x${ENTER}`],
      ['> Expected a number', CTRL_C],
    );
    expect(await first.ended).toBe(130);
    expect(first.text).toContain('Go on where you were: semeur wizard');
    const [draft = ''] = await drafts();
    expect((await stat(join(folder, 'state/semeur/drafts', draft))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'here'))).toEqual([]);

    const second = open([], env);
    await second.answer(
      ['Go on with it?', ENTER],
      ['Telephone', ENTER],
      ['Language', `${DOWN}${DOWN}${ENTER}`],
      ['Telephone', ENTER],
      ['Language', ENTER],
      ['Time zone', ENTER],
      ['in numbers', ENTER],
      ['VPN', ENTER],
      ['your server', ENTER],
      ['first profile', ENTER],
      ['Operating', `${DOWN}${ENTER}`],
      ['[x] Raspberry Pi 5', ENTER],
      ['[x] Website', ENTER],
      ['Name of the client', `Zoé${ENTER}`],
      ['Short name', ENTER],
      ['Language', ENTER],
      ['Host name', ENTER],
      ['Title', ENTER],
      ['Text', ENTER],
      ['Domain name', ENTER],
      ['connected?', `${DOWN}${ENTER}`],
      ['Wi-Fi network', `Box${ENTER}`],
      ['Country', ENTER],
      ['Wi-Fi password', `password1${ENTER}`],
      ['once more', `password1${ENTER}`],
      ['Write it?', CTRL_C],
    );
    expect(await second.ended).toBe(130);
    expect(await readFile(join(folder, 'state/semeur/drafts', draft), 'utf8')).not.toContain('password1');
    expect(second.raw.split('\x1b[').filter((sequence) => /^[0-9;]*m/.test(sequence))).toEqual([]);

    const third = open([], env);
    await third.answer(
      ['Operating system of the cards: Raspberry Pi OS Lite', ''],
      ['Raspberry Pi models: Raspberry Pi 3, Raspberry Pi 4,', ''],
      ['Services: Website', ''],
      ['connected? By Wi-Fi', ''],
      ['Go on with it?', ENTER],
      ['Wi-Fi password', `password2${ENTER}`],
      ['once more', `password2${ENTER}`],
      ['Write it?', ENTER],
      ['Build the image', `${DOWN}${ENTER}`],
      ['would you like', `${DOWN.repeat(6)}${ENTER}`],
    );
    expect({ code: await third.ended, text: third.text }).toMatchObject({ code: 0 });
    expect(await check()).toMatchObject({ code: 0 });
    expect((await loadWorkspace(join(folder, 'here'))).clients.get('zoe')).toMatchObject({ wifi: { password: 'password2' } });
    expect(await readHere('profiles/maison.yaml')).toContain('boards: [pi3, pi4, pi5, zero2w]');
    expect(await drafts()).toEqual([]);
  });
});

describe('semeur wizard, in a workspace', () => {
  const COMMENTED =
    '# Voisins\nclient: durand   # court\nname: Famille Durand # Paul\nprofile: maison\n\nsettings:\n  website:\n    title: Chez les Durand # titre\n';

  it('changes files as their writer would, issues a card anew, tells a failure and goes on', async () => {
    await cp(EXAMPLES, join(folder, 'here'), { recursive: true });
    await writeFile(join(folder, 'here/clients/durand.yaml'), COMMENTED);
    await writeFile(join(folder, 'here/.gitignore'), '/secrets/\n/out/\n');
    await ensureSecrets(join(folder, 'here'));
    await ensureClientKeys(join(folder, 'here'), 'durand');
    const terminal = open(['--plain', '--lang', 'en'], { LANG: 'fr_FR.UTF-8' });
    await terminal.answer(
      ['would you like', `2${ENTER}`],
      ['2. durand', `2${ENTER}`],
      ['[Famille Durand]', `Les Durand${ENTER}`],
      ['Language', ENTER],
      ['Host name', `herbier${ENTER}`],
      ['is taken by "lherbier"', ENTER],
      ['[Chez les Durand]', ENTER],
      ['Text', `Bonjour${ENTER}`],
      ['Domain name', ENTER],
      ['connected?', ENTER],
      ['Write it?', `1${ENTER}`],
      ['would you like', `3${ENTER}`],
      ['1. maison', `${ENTER}1${ENTER}`],
      ['Services to add', `1${ENTER}`],
      ['Write it?', `1${ENTER}`],
      ['would you like', `6${ENTER}`],
      ['Cannot', ''],
      ['would you like', `5${ENTER}`],
      ['2. durand', `2${ENTER}`],
      ['Issue it anew', `2${ENTER}`],
      ['generation 2', ''],
      ['would you like', `7${ENTER}`],
    );
    expect({ code: await terminal.ended, text: terminal.text }).toMatchObject({ code: 0 });
    const changed = COMMENTED.replace('Famille', 'Les').replace('# titre\n', '# titre\n    text: Bonjour\n');
    expect(await readHere('clients/durand.yaml')).toBe(changed);
    expect(await readHere('profiles/maison.yaml')).toContain('services: [website, backup]');
    expect(terminal.text).toContain("semeur client set durand --name 'Les Durand' --set website.text=Bonjour\n");
    expect(terminal.text).toContain('semeur profile add maison backup\n  semeur fleet list\n  semeur reissue durand\n');
    expect(await check()).toMatchObject({ code: 0 });
  });

  it('asks nothing where there is no terminal', async () => {
    const { code, stdout } = await runInShell('semeur wizard --lang en </dev/null', join(folder, 'here'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringContaining('there is no terminal\n  → Run it in a terminal') });
  });
});
