import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderIndexAndFooter, XZ_STREAM_HEADER } from '../../builder/image/xz-format.ts';
import { parseXzSeedBlock, renderXzSeedBlock, usedBytes } from '../../builder/image/xz-seed-block.ts';
import { ZERO_CHUNKS } from '../../builder/image/zero-chunks.ts';
import { runCommand } from '../../kit/command.ts';
import { MIB, makeRegion } from './sample-prefix.ts';

async function decode(region: Buffer): Promise<Buffer> {
  const { block, record } = renderXzSeedBlock(region);
  return runCommand(['xz', '--decompress', '--stdout'], { input: Buffer.concat([XZ_STREAM_HEADER, block, renderIndexAndFooter([record])]) });
}

describe('renderXzSeedBlock()', () => {
  it.each([0, 1, 4096, 4097, 65_536, 70_000, 2 * MIB + 5, 4 * MIB - 4096, 4 * MIB])(
    'makes a block that xz reads, of %i bytes and zeros',
    async (used) => {
      const region = makeRegion(used);
      expect((await decode(region)).equals(region)).toBe(true);
      expect(parseXzSeedBlock(renderXzSeedBlock(region).block)?.equals(region)).toBe(true);
    },
  );

  it('makes a block that xz reads, of any bytes and zero runs', async () => {
    const piece = fc.record({ offset: fc.nat(4 * MIB - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 5000 }) });
    const property = fc.asyncProperty(fc.array(piece, { maxLength: 4 }), async (pieces) => {
      const region = Buffer.alloc(4 * MIB);
      for (const { offset, bytes } of pieces) region.set(bytes.subarray(0, 4 * MIB - offset), offset);
      expect((await decode(region)).equals(region)).toBe(true);
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('costs little more than what is used', () => {
    expect(renderXzSeedBlock(makeRegion(9000)).block.length).toBeLessThan(12_288 + 2000);
  });
});

describe('ZERO_CHUNKS', () => {
  it.each(ZERO_CHUNKS)('holds, for %i bytes, what xz makes of them', async (bytes, base64) => {
    const xz = await runCommand(['xz', '--check=crc32', '--lzma2=preset=6,lc=3,lp=0,pb=2', '--stdout'], { input: Buffer.alloc(bytes) });
    const start = 12 + ((xz[12] ?? 0) + 1) * 4;
    const chunk = Buffer.from(base64, 'base64');
    expect(xz.subarray(start, start + chunk.length)).toEqual(chunk);
    expect(xz[start + chunk.length]).toBe(0);
  });
});

describe('parseXzSeedBlock()', () => {
  it('says nothing of a block that an encoder made', async () => {
    const xz = await runCommand(['xz', '--check=crc32', '--stdout'], { input: randomBytes(3000).toString('hex') });
    expect(parseXzSeedBlock(xz.subarray(12))).toBeUndefined();
  });

  it('refuses a damaged block', () => {
    const { block } = renderXzSeedBlock(makeRegion());
    block[100] = (block[100] ?? 0) ^ 1;
    expect(() => parseXzSeedBlock(block)).toThrow('does not match its check');
  });

  it('ends on a block that is cut short', () => {
    expect(() => parseXzSeedBlock(renderXzSeedBlock(makeRegion()).block.subarray(0, 5000))).toThrow();
  });
});

describe('usedBytes()', () => {
  it('rounds up to 4 KiB', () => {
    const region = Buffer.alloc(4 * MIB);
    expect(usedBytes(region)).toBe(0);
    region[4096] = 1;
    expect(usedBytes(region)).toBe(8192);
  });
});
