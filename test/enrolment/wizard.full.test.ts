import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { runCommand } from '../../kit/command.ts';
import { CTRL_C, DOWN, ENTER, semeur, Terminal } from '../terminal/open-terminal.ts';
import { MAIN } from './ground.ts';
import { HOME_ADDRESS } from './images.ts';

/** The base is in the cache; packages, disk and compression are this profile's own, since its key is. */
const BUILD_MS = 45 * 60_000;

let folder = '';
let terminals: Terminal[] = [];
beforeEach(async () => {
  terminals = [];
  folder = await mkdtemp(join(tmpdir(), 'semeur-wizard-'));
  await mkdir(join(folder, 'coop'));
});
afterEach(async () => {
  for (const terminal of terminals) terminal.kill();
  await rm(folder, { recursive: true, force: true });
});

/** With arrow keys, in French, in the empty folder; with this machine's cache, and the proxy that it may need. */
function openWizard(): Terminal {
  const own = { LC_ALL: '', LANG: 'fr_FR.UTF-8', TERM: 'xterm', SEMEUR_PLAIN: '', XDG_STATE_HOME: join(folder, 'state') };
  const env = { ...(process.env as Record<string, string>), ...own, XDG_CACHE_HOME: dirname(cacheFolder()) };
  const terminal = new Terminal(semeur('wizard'), join(folder, 'coop'), env);
  terminals.push(terminal);
  return terminal;
}

it('what the wizard was told in French, stopped and gone on with, is built by it, and boots until home has taken it in', async () => {
  const first = openWizard();
  await first.answer(
    ['Dossier de l’espace', ENTER],
    ['Nom de votre coopérative', `Les Racines${ENTER}`],
    ['Nom de domaine', `racines.example${ENTER}`],
    ['Adresse électronique', ENTER],
    ['Téléphone', ENTER],
    ['Langue de vos clients', ENTER],
    ['Fuseau horaire', CTRL_C],
  );
  expect(await first.ended).toBe(130);
  const second = openWizard();
  await second.answer(
    ['Reprendre ?', ENTER],
    ['Fuseau horaire', ENTER],
    // The rest is as it is proposed.
    ['Adresse de votre serveur en chiffres', `${HOME_ADDRESS}${ENTER}`],
    ['Adresses de votre VPN', ENTER],
    ['Adresse publique', ENTER],
    ['premier profil', ENTER],
    ['Système des cartes', ENTER],
    ['[x] Raspberry Pi 4', ENTER],
    ['[x] Site web', ENTER],
    ['Nom du client', `L'Été d'Émilie${ENTER}`],
    ['Nom court', ENTER],
    ['Langue du client', `${DOWN}${ENTER}`],
    ['Nom d’hôte', `ete${ENTER}`],
    ['Titre de la page', `L'été${ENTER}`],
    ['Texte', `Un.\\nDeux.${ENTER}`],
    ['Nom de domaine', ENTER],
    ['Comment la carte', ENTER],
    ['L’écrire ?', ENTER],
    ['Construire l’image maintenant ?', ENTER],
  );
  await second.see('Que voulez-vous faire ?', BUILD_MS);
  second.type(`${DOWN.repeat(6)}${ENTER}`);
  expect({ code: await second.ended, text: second.text }).toMatchObject({ code: 0 });
  const image = join(folder, 'coop/out/l-ete-d-emilie.img.xz');
  expect(second.text).toContain(`${image}  `);
  expect(second.text).toContain('  semeur build l-ete-d-emilie\n');
  const [, line = ''] = /^ {2}semeur (boot .*)$/m.exec(second.text) ?? [];
  expect(line).toBe('boot out/l-ete-d-emilie.img.xz --until claimed');
  const cwd = join(folder, 'coop');
  const booted = JSON.parse(String(await runCommand([...MAIN, ...line.split(' '), '--timeout', '600', '--json'], { cwd })));
  expect(booted).toMatchObject({ hostname: 'ete', until: 'claimed', card: { region: 'wiped', hostKey: expect.stringMatching(/^SHA256:/) } });
});
