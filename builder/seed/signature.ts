import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { Failure } from '../failure.ts';
import { padWithLines, SIGNATURE_BYTES } from './header.ts';

const NAMESPACE = 'semeur-seed';
/** Whom the seed key stands for in allowed_signers. */
const PRINCIPAL = 'semeur';
/** Keeps the argument list short on every system. */
const FILES_PER_CALL = 500;

/**
 * Signs headers with one ssh-keygen for many: a call costs several milliseconds, and a passphrase or a touch.
 * @returns the signature block of each, in their order.
 */
export async function signHeaders(headers: readonly Buffer[], keyFile: string, signal?: AbortSignal): Promise<Buffer[]> {
  const signatures: Buffer[] = [];
  for (let first = 0; first < headers.length; first += FILES_PER_CALL) {
    signatures.push(...(await signBatch(headers.slice(first, first + FILES_PER_CALL), keyFile, signal)));
  }
  return signatures;
}

async function signBatch(headers: readonly Buffer[], keyFile: string, signal: AbortSignal | undefined): Promise<Buffer[]> {
  return withFolder(async (folder) => {
    const files = headers.map((_, index) => join(folder, `header${index}`));
    await Promise.all(headers.map((header, index) => writeFile(files[index] ?? '', header)));
    await runCommand(['ssh-keygen', '-Y', 'sign', '-n', NAMESPACE, '-f', keyFile, ...files], { signal });
    const armored = await Promise.all(files.map((file) => readFile(`${file}.sig`, 'latin1')));
    return armored.map((text) => padWithLines(text, SIGNATURE_BYTES));
  });
}

/**
 * Checks a signature block as first boot does: the armor padded with line feeds and nothing else, made by a key of allowed_signers.
 * @param allowedSigners content of that file.
 * @returns the fingerprint of the key that signed, or undefined if it doesn't hold.
 */
export async function verifySignature(header: Buffer, block: Buffer, allowedSigners: string, signal?: AbortSignal): Promise<string | undefined> {
  if (!isArmor(block)) return undefined;
  return withFolder(async (folder) => {
    const [signature, allowed] = [join(folder, 'signature'), join(folder, 'allowed_signers')];
    await Promise.all([writeFile(signature, block), writeFile(allowed, allowedSigners)]);
    const argv = ['ssh-keygen', '-Y', 'verify', '-f', allowed, '-I', PRINCIPAL, '-n', NAMESPACE, '-s', signature];
    try {
      const said = await runCommand(argv, { input: header, signal });
      return /^Good .* key (SHA256:\S+)\n?$/.exec(said.toString('utf8'))?.[1];
    } catch (error) {
      // It exits with 255 on any signature that doesn't hold; a missing ssh-keygen or Ctrl-C is another matter.
      if (error instanceof Failure && error.exitCode === 1) return undefined;
      throw error;
    }
  });
}

function isArmor(block: Buffer): boolean {
  const text = block.toString('latin1');
  return /^-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]*\n-----END SSH SIGNATURE-----\n+$/.test(text) && block.length === SIGNATURE_BYTES;
}

/** @param publicKeyLine "ssh-ed25519 AAAA… comment". */
export function fingerprintOf(publicKeyLine: string): string {
  const [, blob = ''] = publicKeyLine.trim().split(/\s+/);
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`;
}

async function withFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-seed-'));
  try {
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
