import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderHeader, type SeedHeader } from '../../builder/seed/header.ts';
import { assembleSeed } from '../../builder/seed/read-seed.ts';
import { renderSeedTar } from '../../builder/seed/seed-tar.ts';
import { signHeaders } from '../../builder/seed/signature.ts';
import { runCommand } from '../../kit/command.ts';
import { fingerprintOf } from '../../kit/ssh-signature.ts';
import { CARD_CONF, renderCardConf } from '../../protocol/card-conf.ts';

export interface SeedKey {
  readonly file: string;
  readonly signer: string;
  /** Content of an allowed_signers file with this key alone. */
  readonly allowedSigners: string;
}

export async function makeSeedKey(): Promise<SeedKey> {
  const folder = await makeFolder('key');
  const file = join(folder, 'seed-key');
  await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim();
  return { file, signer: fingerprintOf(publicKey), allowedSigners: `semeur namespaces="semeur-seed" ${publicKey}\n` };
}

/** The last makes a name of 100 bytes, the longest that a seed may hold. */
export const SETTINGS = ['/etc/motd', '/etc/site/page.html', '/var/www/site/index.html', `/srv/${'x'.repeat(87)}`];

export const FILES: ReadonlyMap<string, Buffer> = new Map([
  ['seed.conf', Buffer.from('hostname durand\nlanguage fr\ntimezone Europe/Paris\n')],
  ['enrol/token', Buffer.from('a token\n')],
  ['enrol/vpn.conf', Buffer.from('private-key x\n')],
  ['settings/etc/motd', Buffer.from('Bonjour\n')],
  ['settings/etc/site/page.html', Buffer.alloc(5000, 'é')],
]);

/** A seed signed with the key, with any tar in it and any header that says so. */
export async function sealSeed(key: SeedKey, tar: Buffer, fields: Partial<SeedHeader> = {}): Promise<Buffer> {
  const sha256 = createHash('sha256').update(tar).digest('hex');
  const header = renderHeader({ client: 'durand', profile: 'maison', generation: 1, length: tar.length, sha256, signer: key.signer, ...fields });
  return signSeed(key, header, tar);
}

export async function signSeed(key: SeedKey, header: Buffer, tar: Buffer): Promise<Buffer> {
  const [signature = Buffer.alloc(0)] = await signHeaders([header], key.file);
  return assembleSeed(header, tar, signature);
}

export function makeSeed(key: SeedKey, fields: Partial<SeedHeader> = {}, files = FILES): Promise<Buffer> {
  return sealSeed(key, renderSeedTar(files), fields);
}

export const FIRSTBOOT = join(import.meta.dirname, '../../firstboot/files/usr/lib/semeur');

/** A root with first boot's programs and the facts of a profile: what check-seed needs. */
export async function makeCardRoot(key: SeedKey, { regionOffset = 0 }: { readonly regionOffset?: number } = {}): Promise<string> {
  const root = await makeFolder('card');
  await mkdir(join(root, 'usr/lib'), { recursive: true });
  await runCommand(['cp', '-R', FIRSTBOOT, join(root, 'usr/lib/semeur')]);
  const profile = join(root, 'usr/lib/semeur/profile');
  await mkdir(profile);
  await writeFile(join(profile, 'allowed_signers'), key.allowedSigners);
  await writeFile(join(profile, 'settings.list'), SETTINGS.map((path) => `0640 ${OWNER} ${path}\n`).join(''));
  for (const name of ['ports.list', 'front.list', 'health.list', 'backup.list', 'status.list']) await writeFile(join(profile, name), '');
  const conf = ['profile maison', 'digest-of-build 0', `region-offset ${regionOffset}`, 'build-time 1700000000'];
  await writeFile(join(profile, 'seed.conf'), `${conf.join('\n')}\n`);
  await writeFile(join(root, CARD_CONF), renderCardConf());
  await chmod(root, 0o755);
  return root;
}

/** Whoever runs the tests, since only root may give files away. */
const OWNER = `${process.getuid?.()}:${process.getgid?.()}`;

const made: string[] = [];

async function makeFolder(kind: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `semeur-${kind}-`));
  made.push(folder);
  return folder;
}

/** For afterAll(): takes away what this file made. */
export async function removeMade(): Promise<void> {
  await Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true })));
}
