import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../atomic-file.ts';
import { runCommand } from '../command.ts';
import { EXIT, Failure } from '../failure.ts';

/** A WireGuard key pair, base64 as wg(8) has it. */
export interface VpnKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes what a workspace's secrets lack: the folder (0700), the key that signs seeds, the VPN hub's key. */
export async function ensureSecrets(workspace: string): Promise<void> {
  await mkdir(secretsFile(workspace), { recursive: true, mode: 0o700 });
  await checkPrivate(secretsFile(workspace), 'chmod -R go= secrets');
  await mkdir(secretsFile(workspace, 'clients'), { recursive: true, mode: 0o700 });
  const seedKey = seedKeyFile(workspace);
  if (!(await exists(seedKey))) await makeSeedKey(seedKey);
  await checkPrivate(seedKey, 'chmod 600 secrets/seed_key');
  const hub = secretsFile(workspace, 'hub.json');
  if (!(await exists(hub))) await writeSecret(hub, makeVpnKey());
}

/** A path in the workspace's secrets/. */
export function secretsFile(workspace: string, ...parts: readonly string[]): string {
  return join(workspace, 'secrets', ...parts);
}

export function seedKeyFile(workspace: string): string {
  return secretsFile(workspace, 'seed_key');
}

/** The seed key's public half, one line as in authorized_keys. */
export async function readSeedKey(workspace: string): Promise<string> {
  return readFile(`${seedKeyFile(workspace)}.pub`, 'utf8');
}

export async function readHubKey(workspace: string): Promise<VpnKey> {
  return (await readSecret<VpnKey>(secretsFile(workspace, 'hub.json'))) ?? makeVpnKey();
}

/** X25519, as `wg genkey` makes it. */
export function makeVpnKey(): VpnKey {
  const { d = '', x = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const base64 = (text: string) => Buffer.from(text, 'base64url').toString('base64');
  return { privateKey: base64(d), publicKey: base64(x) };
}

export async function writeSecret(file: string, value: unknown): Promise<void> {
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

/** The private half last: half a pair is none, and is made again. */
async function makeSeedKey(file: string): Promise<void> {
  const part = `${file}.part-${process.pid}`;
  await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'semeur seed key', '-f', part]);
  await rename(`${part}.pub`, `${file}.pub`);
  await rename(part, file);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
