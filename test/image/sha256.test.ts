import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continueSha256, startSha256 } from '../../builder/image/sha256.ts';

describe('continueSha256()', () => {
  it('gives from a midstate what node:crypto gives of the whole', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (head, tail) => {
        const sha256 = await startSha256();
        sha256.update(head);
        const whole = createHash('sha256').update(head).update(tail).digest('hex');
        expect(await continueSha256(sha256.save(), tail)).toBe(whole);
      }),
    );
  });

  it('refuses a midstate that this version of hash-wasm did not save', async () => {
    await expect(continueSha256(Buffer.alloc(116).toString('base64'), new Uint8Array())).rejects.toThrow();
  });
});
