import { checkSignature, signBytes } from '../../kit/ssh-signature.ts';
import { padWithLines, SIGNATURE_BYTES } from './header.ts';

const NAMESPACE = 'semeur-seed';
/** Whom the seed key stands for in allowed_signers. */
const PRINCIPAL = 'semeur';

/** @returns the signature block of each header, in their order. */
export async function signHeaders(headers: readonly Buffer[], keyFile: string, signal?: AbortSignal): Promise<Buffer[]> {
  const armored = await signBytes(headers, { namespace: NAMESPACE, keyFile, signal });
  return armored.map((text) => padWithLines(text, SIGNATURE_BYTES));
}

/**
 * Checks a signature block as first boot does: the armor padded with line feeds and nothing else, made by a key of allowed_signers.
 * @param allowedSigners content of that file.
 * @returns the fingerprint of the key that signed, or undefined if it doesn't hold.
 */
export async function verifySignature(header: Buffer, block: Buffer, allowedSigners: string, signal?: AbortSignal): Promise<string | undefined> {
  if (!isArmor(block)) return undefined;
  return checkSignature(header, block.toString('latin1'), { namespace: NAMESPACE, principal: PRINCIPAL, allowedSigners, signal });
}

function isArmor(block: Buffer): boolean {
  const text = block.toString('latin1');
  return /^-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]*\n-----END SSH SIGNATURE-----\n+$/.test(text) && block.length === SIGNATURE_BYTES;
}
