import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../builder/command.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import type { ClientManifest } from '../../builder/image/client-image.ts';
import { type BootFiles, readBootFiles } from '../../builder/try/boot-files.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { WIFI } from './wifi-box.ts';

/** Where cards look for home: a literal address, so that its HTTPS is reachable without a resolver. */
export const HOME_ADDRESS = '192.0.2.10';
export const CLIENT = 'lherbier';

/** One client's card, as the tests of enrolment boot it. */
export interface CardImage {
  readonly workspace: string;
  readonly raw: string;
  readonly files: BootFiles;
  readonly manifest: ClientManifest;
  /** The folder that gets what consoles say. */
  readonly consoles: string;
}

const FOLDER = join(findCheckout(), 'out', 'enrolment');

/** Builds the card, in out/enrolment/; what is there already and is right is not made again. */
export async function buildCardImage(): Promise<CardImage> {
  return oneAtATime(`${FOLDER}.lock`, build);
}

async function build(): Promise<CardImage> {
  const consoles = join(FOLDER, 'consoles');
  await mkdir(consoles, { recursive: true });
  await cp(join(findCheckout(), 'examples'), FOLDER, { recursive: true });
  await takeLock();
  const operator = join(FOLDER, 'semeur.yaml');
  const text = (await readFile(operator, 'utf8'))
    .replace(/endpoints: .*/, `endpoints: ["${HOME_ADDRESS}:51820"]`)
    .replace(/url: .*/, `url: https://${HOME_ADDRESS}:8443`);
  await writeFile(operator, text);
  const profile = join(FOLDER, 'profiles', 'maison.yaml');
  await writeFile(profile, (await readFile(profile, 'utf8')).replace(/^services: .*$/m, 'services: [website, calendar, share]'));
  const client = join(FOLDER, 'clients', `${CLIENT}.yaml`);
  await writeFile(client, `${await readFile(client, 'utf8')}wifi: ${JSON.stringify(WIFI)}\n`);
  const main = [process.execPath, '--disable-warning=ExperimentalWarning', join(findCheckout(), 'builder', 'main.ts')];
  const report = JSON.parse((await runCommand([...main, 'build', CLIENT, '--format', 'img', '--json', '--workspace', FOLDER])).toString('utf8'));
  const [manifest] = report.clients;
  const raw = join(FOLDER, 'out', manifest.image.file);
  return { workspace: FOLDER, raw, files: await readBootFiles(createQuietSession(), raw, consoles), manifest, consoles };
}

/** With the lock of out/test/, toolbox and base are those that are in the cache. */
async function takeLock(): Promise<void> {
  const [theirs, own] = [join(findCheckout(), 'out', 'test'), FOLDER].map((folder) => join(folder, 'profiles', 'maison.lock')) as [string, string];
  if (!(await exists(own)) && (await exists(theirs))) await cp(theirs, own);
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
