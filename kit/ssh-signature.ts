import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf, runCommand } from './command.ts';

/** Keeps the argument list short on every system. */
const FILES_PER_CALL = 500;

/** The key that signs: a private key's file, or the public half of one that an agent or a FIDO token holds. */
export interface SignOptions {
  /** What the signature is for: it holds for nothing else. */
  readonly namespace: string;
  readonly keyFile: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Signs with one ssh-keygen for many: a call costs several milliseconds, and a passphrase or a touch.
 * @returns the armored SSHSIG of each, in their order.
 */
export async function signBytes(contents: readonly Uint8Array[], options: SignOptions): Promise<string[]> {
  const signatures: string[] = [];
  for (let first = 0; first < contents.length; first += FILES_PER_CALL) {
    signatures.push(...(await signBatch(contents.slice(first, first + FILES_PER_CALL), options)));
  }
  return signatures;
}

async function signBatch(contents: readonly Uint8Array[], { namespace, keyFile, signal }: SignOptions): Promise<string[]> {
  return withFolder(async (folder) => {
    const files = contents.map((_, index) => join(folder, `content${index}`));
    await Promise.all(contents.map((content, index) => writeFile(files[index] ?? '', content)));
    await runCommand(['ssh-keygen', '-Y', 'sign', '-n', namespace, '-f', keyFile, ...files], { doing: `sign with the key "${keyFile}"`, signal });
    return Promise.all(files.map((file) => readFile(`${file}.sig`, 'latin1')));
  });
}

export interface CheckOptions {
  readonly namespace: string;
  /** Whom the key stands for in allowed_signers. */
  readonly principal: string;
  /** Content of that file. */
  readonly allowedSigners: string;
  readonly signal?: AbortSignal | undefined;
}

/** @returns the fingerprint of the key that signed, or undefined if the signature doesn't hold. */
export async function checkSignature(content: Uint8Array, signature: string, options: CheckOptions): Promise<string | undefined> {
  const { namespace, principal, allowedSigners, signal } = options;
  return withFolder(async (folder) => {
    const [armor, allowed] = [join(folder, 'signature'), join(folder, 'allowed_signers')];
    await Promise.all([writeFile(armor, signature, 'latin1'), writeFile(allowed, allowedSigners)]);
    const argv = ['ssh-keygen', '-Y', 'verify', '-f', allowed, '-I', principal, '-n', namespace, '-s', armor];
    try {
      const said = await runCommand(argv, { doing: 'check the signature', input: content, signal });
      return /^Good .* key (SHA256:\S+)\n?$/.exec(said.toString('utf8'))?.[1];
    } catch (error) {
      // It exits with 255 on any signature that doesn't hold; a missing ssh-keygen or Ctrl-C is another matter.
      if (exitCodeOf(error) !== undefined) return undefined;
      throw error;
    }
  });
}

/** @param publicKeyLine "ssh-ed25519 AAAA… comment". */
export function fingerprintOf(publicKeyLine: string): string {
  const [, blob = ''] = publicKeyLine.trim().split(/\s+/);
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`;
}

async function withFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-signature-'));
  try {
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
