import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';

/** A WireGuard key pair, base64 as wg(8) has it. */
export interface VpnKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** What home's public listener shows, whose key cards know from their seed. PEM. */
export interface HomeTls {
  readonly key: string;
  readonly certificate: string;
  /** The pin of the key in home-tls-backup.pem, for the day this one must change: cards take it as well. */
  readonly backupPin: string;
}

/** Makes what a workspace's secrets lack: the folder (0700), the keys that sign seeds and operators' SSH keys, those of the VPN hub and of home. */
export async function ensureSecrets(workspace: string): Promise<void> {
  await mkdir(secretsFile(workspace), { recursive: true, mode: 0o700 });
  await checkPrivate(secretsFile(workspace), 'chmod -R go= secrets');
  await mkdir(secretsFile(workspace, 'clients'), { recursive: true, mode: 0o700 });
  await ensureSshKey(seedKeyFile(workspace), 'semeur seed key');
  await ensureSshKey(secretsFile(workspace, 'user_ca'), 'semeur operators');
  const hub = secretsFile(workspace, 'hub.json');
  if (!(await exists(hub))) await writeSecret(hub, makeVpnKey());
  const tls = secretsFile(workspace, 'home-tls.json');
  if (!(await exists(tls))) await writeSecret(tls, await makeHomeTls(workspace));
}

/** A path in the workspace's secrets/. */
export function secretsFile(workspace: string, ...parts: readonly string[]): string {
  return join(workspace, 'secrets', ...parts);
}

export function seedKeyFile(workspace: string): string {
  return secretsFile(workspace, 'seed_key');
}

/** The seed key's public half, as in authorized_keys; below it may stand those of keys before it, whose seeds profiles still take. */
export async function readSeedKey(workspace: string): Promise<string> {
  return readFile(`${seedKeyFile(workspace)}.pub`, 'utf8');
}

/** The public half of the key that signs operators' SSH keys, "ssh-ed25519 AAAA…". Only operators hold the other half. */
export async function readUserCa(workspace: string): Promise<string> {
  const line = await readFile(`${secretsFile(workspace, 'user_ca')}.pub`, 'utf8');
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}

export async function readHubKey(workspace: string): Promise<VpnKey> {
  return requireSecret<VpnKey>(workspace, 'hub.json');
}

export async function readHomeTls(workspace: string): Promise<HomeTls> {
  return requireSecret<HomeTls>(workspace, 'home-tls.json');
}

/** The pin of a key, as curl's --pinnedpubkey takes it: "sha256//BASE64" of its public half. */
export function pinOf(privateKey: string): string {
  const spki = createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'der' });
  return `sha256//${createHash('sha256').update(spki).digest('base64')}`;
}

/** X25519, as `wg genkey` makes it. */
export function makeVpnKey(): VpnKey {
  const { d = '', x = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const base64 = (text: string) => Buffer.from(text, 'base64url').toString('base64');
  return { privateKey: base64(d), publicKey: base64(x) };
}

export async function writeSecret(file: string, value: unknown): Promise<void> {
  // A workspace that came by git has no such folder yet.
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomically(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}

/**
 * @returns undefined when there is no such file.
 * @throws {Failure} when others may read it, or it is damaged; the message never shows what is in it.
 */
export async function readSecret<T>(file: string): Promise<T | undefined> {
  if (!(await exists(file))) return undefined;
  await checkPrivate(file, `chmod 600 ${file}`);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    throw new Failure(`Cannot read the secret "${file}": it is damaged`, { hint: 'Take it back from your backup; without one, issue it anew' });
  }
}

/** @throws {Failure} when anybody else may read a secret. Windows keeps no such modes. */
async function checkPrivate(path: string, remedy: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new Failure(`Cannot use "${path}": others may read it`, { hint: `Type: ${remedy}`, exitCode: EXIT.usage });
}

/** Another key in the place of a lost one would shut out every card that knows the first. */
async function requireSecret<T>(workspace: string, name: string): Promise<T> {
  const found = await readSecret<T>(secretsFile(workspace, name));
  if (found !== undefined) return found;
  throw new Failure(`Cannot find the secret "secrets/${name}" of the workspace`, {
    hint: 'Copy it from the workspace that makes the cards, or from your backup',
    exitCode: EXIT.usage,
  });
}

/**
 * The backup key is a file of its own, which the operator can take away from here: nothing needs it until that day.
 * A hundred years: cards know the key, and don't look at dates. The key goes by a file: openssl can't open the socket that Node gives as standard input.
 */
async function makeHomeTls(workspace: string): Promise<HomeTls> {
  const [key, backupKey] = [makePem(), makePem()];
  await writeFileAtomically(secretsFile(workspace, 'home-tls-backup.pem'), backupKey, { mode: 0o600 });
  const file = secretsFile(workspace, `home-tls.part-${process.pid}.pem`);
  await writeFileAtomically(file, key, { mode: 0o600 });
  try {
    const argv = ['openssl', 'req', '-x509', '-new', '-key', file, '-days', '36500', '-subj', '/CN=semeur home'];
    return { key, certificate: (await runCommand(argv, { doing: "make home's certificate" })).toString('utf8'), backupPin: pinOf(backupKey) };
  } finally {
    await rm(file, { force: true });
  }
}

function makePem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A public half alone is enough where profiles are built and nothing is signed: no other key is made in its place. */
async function ensureSshKey(file: string, comment: string): Promise<void> {
  const [isPrivate, isPublic] = await Promise.all([file, `${file}.pub`].map(exists));
  if (isPrivate) await checkPrivate(file, `chmod 600 secrets/${basename(file)}`);
  else if (!isPublic) await makeSshKey(file, comment);
  if (isPrivate && !isPublic)
    await writeFileAtomically(`${file}.pub`, await runCommand(['ssh-keygen', '-y', '-f', file], { doing: `read the key "${file}"` }));
}

/** The private half first: the other can be made from it. */
async function makeSshKey(file: string, comment: string): Promise<void> {
  const part = `${file}.part-${process.pid}`;
  await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', part], { doing: `make the key "${file}"` });
  await rename(part, file);
  await rename(`${part}.pub`, `${file}.pub`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
