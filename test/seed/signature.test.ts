import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signHeaders, verifySignature } from '../../builder/seed/signature.ts';
import { makeSeedKey, removeMade, type SeedKey } from './seed-key.ts';

let key: SeedKey;
beforeAll(async () => {
  key = await makeSeedKey();
});
afterAll(removeMade);

describe('signHeaders()', () => {
  it('signs many in a few calls, each with its own signature', { timeout: 30_000 }, async () => {
    const headers = Array.from({ length: 501 }, (_, index) => Buffer.alloc(4096, `header ${index}\n`));
    const signatures = await signHeaders(headers, key.file);
    expect(new Set(signatures.map(String)).size).toBe(501);
    for (const index of [0, 499, 500]) {
      expect(await verifySignature(headers[index] as Buffer, signatures[index] as Buffer, key.allowedSigners)).toBe(key.signer);
    }
    expect(await verifySignature(headers[1] as Buffer, signatures[0] as Buffer, key.allowedSigners)).toBeUndefined();
  });
});

describe('fingerprintOf()', () => {
  it('is what ssh-keygen says', async () => {
    const { stdout } = await execa('ssh-keygen', ['-l', '-f', `${key.file}.pub`]);
    expect(stdout.split(' ')[1]).toBe(key.signer);
  });
});
