import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';

const OURS = generateKeyPairSync('x25519').privateKey;

/** Whether a text is a WireGuard public key that can be used: 32 bytes as wg(8) writes them, and no point of small order. */
export function isVpnKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== text) return false;
  try {
    // With a point of small order, the shared secret is zero, known to everybody: OpenSSL refuses it (RFC 7748, section 6.1).
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }, format: 'jwk' });
    diffieHellman({ privateKey: OURS, publicKey });
    return true;
  } catch {
    return false;
  }
}

/** @param privateKey base64, as wg(8) has it. */
export function publicVpnKey(privateKey: string): string {
  // PKCS #8 (RFC 8410) has 16 fixed bytes before an X25519 key.
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), Buffer.from(privateKey, 'base64')]);
  const { x = '' } = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('base64');
}
