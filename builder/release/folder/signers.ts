import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../kit/command.ts';
import { EXIT, Failure } from '../../../kit/failure.ts';
import { checkSignature, signBytes } from '../../../kit/ssh-signature.ts';
import { SUMS_SIGNATURE } from './sums.ts';

/** The namespace of signatures on SHA256SUMS. A seed's key signs for another, so neither can be taken for the other. */
export const RELEASE_NAMESPACE = 'semeur-release';
/** Whom a release key stands for in allowed_signers. */
export const PRINCIPAL = 'release';

/** The key that signs a workspace's releases, where no other is named. */
export function releaseKeyFile(workspace: string): string {
  return join(workspace, 'secrets', 'release_key');
}

/** @returns the armored signature of a list. */
export async function signSums(sums: string, keyFile: string, signal: AbortSignal): Promise<string> {
  const [signature = ''] = await signBytes([Buffer.from(sums)], { namespace: RELEASE_NAMESPACE, keyFile, signal });
  return signature;
}

/**
 * The public half of the key that signs, "ssh-ed25519 AAAA…": KEY.pub beside it, or KEY itself where an agent or a token holds the other half;
 * of a key without a passphrase, as CI has it, the private half tells the public one.
 * @throws {Failure} when there is none.
 */
export async function readPublicKey(keyFile: string): Promise<string> {
  for (const file of [`${keyFile}.pub`, keyFile]) {
    const key = parsePublicKey(await readFile(file, 'utf8').catch(() => ''));
    if (key !== undefined) return key;
  }
  // An empty passphrase, so that nobody is asked for one.
  const told = await runCommand(['ssh-keygen', '-y', '-P', '', '-f', keyFile]).catch((cause: Failure) => {
    if (cause.exitCode === EXIT.missingProgram) throw cause;
    throw new Failure(`Cannot find the public half of the key "${keyFile}"`, {
      hint: `Make it: ssh-keygen -y -f ${keyFile} > ${keyFile}.pub`,
      exitCode: EXIT.usage,
      cause,
    });
  });
  return parsePublicKey(told.toString('utf8')) ?? '';
}

/**
 * Whose releases count.
 * @param text of a public key (KEY.pub), or of an allowed_signers file, which may name several and until when each holds.
 * @throws {Failure} when it is neither.
 */
export function readSigners(text: string, file: string): string {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const signers = lines.map((line) => {
    const key = parsePublicKey(line);
    return key === undefined ? line : renderSigner(key);
  });
  if (signers.length > 0 && signers.every((line) => /(^|\s)(sk-)?(ssh|ecdsa)-\S+ AAAA/.test(line))) return `${signers.join('\n')}\n`;
  throw new Failure(`Cannot read public keys from "${file}"`, {
    hint: 'Give the .pub file of a release key, or a file as ssh-keygen(1) describes under ALLOWED SIGNERS',
    exitCode: EXIT.usage,
  });
}

/** A line of allowed_signers. */
export function renderSigner(publicKey: string): string {
  return `${PRINCIPAL} namespaces="${RELEASE_NAMESPACE}" ${publicKey}`;
}

/**
 * @returns the fingerprint of the key that signed.
 * @throws {Failure} when none of the signers did, or the signature is written as ssh-keygen wouldn't: it must be of one spelling only.
 */
export async function checkSums(sums: string, signature: string, allowedSigners: string, signal: AbortSignal): Promise<string> {
  const options = { namespace: RELEASE_NAMESPACE, principal: PRINCIPAL, allowedSigners, signal };
  const fingerprint = isCanonical(signature) ? await checkSignature(Buffer.from(sums), signature, options) : undefined;
  if (fingerprint !== undefined) return fingerprint;
  throw new Failure(`Cannot trust this release: "${SUMS_SIGNATURE}" is no signature of its SHA256SUMS by a key that you trust`, {
    hint: 'Download it again; if it stays so, ask the publisher, by another way than this site, which key signs their releases',
  });
}

/** Lines of 70, as ssh-keygen writes them, and no bit in the last one that base64 would ignore. */
function isCanonical(armor: string): boolean {
  const [, body = ''] = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n$/.exec(armor) ?? [];
  const base64 = Buffer.from(body, 'base64').toString('base64');
  return body !== '' && body === (base64.match(/.{1,70}/g) ?? []).join('\n');
}

function parsePublicKey(line: string): string | undefined {
  const [type = '', blob = ''] = line.trim().split(/\s+/);
  return /^(sk-)?(ssh|ecdsa)-\S+$/.test(type) && /^AAAA[A-Za-z0-9+/]+=*$/.test(blob) ? `${type} ${blob}` : undefined;
}
