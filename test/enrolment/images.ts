import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCheckout } from '../../builder/house/checkout.ts';
import type { ClientManifest } from '../../builder/image/client-image.ts';
import { type BootFiles, readBootFiles } from '../../builder/try/boot-files.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { WIFI } from './wifi-box.ts';

/** Where cards look for home: a literal address, so that its HTTPS is reachable without a resolver. */
export const HOME_ADDRESS = '192.0.2.10';
export const CLIENT = 'lherbier';
/** All that a card can offer: the tests that boot such a one share its profile. */
export const EVERY_SERVICE = ['website', 'calendar', 'share', 'files', 'chat', 'dns', 'updates', 'backup'];
/** The setting of CLIENT, where it has backups: home's machine is the operator's server too. */
const BACKUPS = `sftp:root@${HOME_ADDRESS}:herbier`;

/** One client's card, as the tests of enrolment boot it. */
export interface CardImage {
  readonly workspace: string;
  readonly raw: string;
  readonly files: BootFiles;
  readonly manifest: ClientManifest;
  /** The folder that gets what consoles say. */
  readonly consoles: string;
}

/** Builds the card, in a folder of out/; what is there already and is right is not made again. */
export async function buildCardImage(name = 'enrolment', services: readonly string[] = ['website'], client = CLIENT): Promise<CardImage> {
  const folder = join(findCheckout(), 'out', name);
  return oneAtATime(`${folder}.lock`, () => build(folder, services, client));
}

async function build(folder: string, services: readonly string[], client: string): Promise<CardImage> {
  const consoles = join(folder, 'consoles');
  await mkdir(consoles, { recursive: true });
  await cp(join(findCheckout(), 'examples'), folder, { recursive: true });
  await shareWithCards(folder);
  const operator = join(folder, 'semeur.yaml');
  const text = (await readFile(operator, 'utf8'))
    .replace(/endpoints: .*/, `endpoints: ["${HOME_ADDRESS}:51820"]`)
    .replace(/url: .*/, `url: https://${HOME_ADDRESS}:8443`);
  await writeFile(operator, text);
  const profile = join(folder, 'profiles', 'maison.yaml');
  await writeFile(profile, (await readFile(profile, 'utf8')).replace(/^services: .*$/m, `services: [${services.join(', ')}]`));
  const file = join(folder, 'clients', `${CLIENT}.yaml`);
  const settings = services.includes('backup') ? `settings:\n  backup: { to: "${BACKUPS}" }\n` : 'settings:\n';
  await writeFile(file, `${(await readFile(file, 'utf8')).replace('settings:\n', settings)}wifi: ${JSON.stringify(WIFI)}\n`);
  const main = [process.execPath, '--disable-warning=ExperimentalWarning', join(findCheckout(), 'cli', 'main.ts')];
  const report = JSON.parse((await runCommand([...main, 'build', client, '--format', 'img', '--json', '--workspace', folder])).toString('utf8'));
  const [manifest] = report.clients;
  const raw = join(folder, 'out', manifest.image.file);
  return { workspace: folder, raw, files: await readBootFiles(createQuietSession(), raw, consoles), manifest, consoles };
}

/** The key that signs seeds and the lock are part of a profile: with those of out/test/, one of the same services is theirs, and is there already. */
async function shareWithCards(folder: string): Promise<void> {
  const cards = join(findCheckout(), 'out', 'test');
  await mkdir(join(folder, 'secrets'), { recursive: true, mode: 0o700 });
  for (const file of ['secrets/seed_key', 'secrets/seed_key.pub', 'profiles/maison.lock']) {
    if ((await exists(join(cards, file))) && !(await exists(join(folder, file)))) await cp(join(cards, file), join(folder, file));
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
