import { createHash } from 'node:crypto';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ingestPrefix } from '../../builder/image/ingest.ts';
import { loadPrefix, prefixFile } from '../../builder/image/prefix.ts';
import { continueSha256 } from '../../builder/image/sha256.ts';
import { MIB, makeCompressedPrefix, makePrefix, withCache, writeSparse } from './sample-prefix.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What the ranges must be, the slow and plain way. */
function mapPlainly(raw: Buffer, always: readonly { first: number; last: number }[]) {
  const ranges: { first: number; last: number; sha256: string }[] = [];
  const isMapped = (block: number) =>
    raw.subarray(block * 4096, (block + 1) * 4096).some((byte) => byte !== 0) || always.some(({ first, last }) => first <= block && block <= last);
  for (let block = 0, first = -1; block <= raw.length / 4096; block++) {
    const mapped = block < raw.length / 4096 && isMapped(block);
    if (mapped && first < 0) first = block;
    if (mapped || first < 0) continue;
    ranges.push({ first, last: block - 1, sha256: sha256(raw.subarray(first * 4096, block * 4096)) });
    first = -1;
  }
  return ranges;
}

describe('ingestPrefix()', () => {
  it('measures random sparse files as a plain reading does', async () => {
    const piece = fc.record({ offset: fc.nat(2 * MIB - 1), length: fc.integer({ min: 1, max: 20_000 }), byte: fc.integer({ min: 1, max: 255 }) });
    const range = fc.tuple(fc.nat(511), fc.nat(511)).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
    const property = fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.array(range, { maxLength: 1 }), async (pieces, alwaysMapped) => {
      await withCache(async (folder) => {
        const fitting = pieces.map(({ offset, length, byte }) => ({ offset, bytes: Buffer.alloc(Math.min(length, 2 * MIB - offset), byte) }));
        const raw = await writeSparse(join(folder, 'raw.img'), 2 * MIB, fitting);
        const bytes = await readFile(raw);
        const prefix = await ingestPrefix(raw, { profile: 'maison', alwaysMapped });
        const mapped = mapPlainly(bytes, alwaysMapped);
        expect(prefix).toMatchObject({ digest: sha256(bytes), bytes: 2 * MIB, mapped, blocks: [sha256(bytes)] });
        expect(prefix.mappedBlocks).toBe(mapped.reduce((sum, { first, last }) => sum + last - first + 1, 0));
      });
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('sees ranges and blocks across the borders of 8 MiB, and moves the raw file into the cache, sparse as it was', async () => {
    await withCache(async (folder) => {
      const prefix = await makePrefix(folder);
      const file = prefixFile(prefix.digest, 'img');
      const bytes = await readFile(file);
      expect(prefix.mapped).toEqual(mapPlainly(bytes, [{ first: 5000, last: 5999 }]));
      expect(prefix.blocks).toEqual([0, 8, 16, 24, 32].map((start) => sha256(bytes.subarray(start * MIB, (start + 8) * MIB))));
      expect(await continueSha256(prefix.midstate, new Uint8Array())).toBe(sha256(bytes));
      expect((await stat(file)).blocks * 512).toBeLessThan(MIB);
      await expect(access(join(folder, 'raw.img'))).rejects.toThrow();
      expect(await loadPrefix(prefix.digest)).toEqual(prefix);
    });
  });

  it('keeps what was compressed when the same bytes come again', async () => {
    await withCache(async (folder) => {
      const { xz, digest, profile } = await makeCompressedPrefix(folder, 'xz');
      const again = join(folder, 'again.img');
      await writeFile(again, await readFile(prefixFile(digest, 'img')));
      expect((await ingestPrefix(again, { profile, alwaysMapped: [] })).xz).toEqual(xz);
    });
  });

  it('refuses a size that is not a multiple of 1 MiB', async () => {
    await withCache(async (folder) => {
      const raw = await writeSparse(join(folder, 'raw.img'), MIB + 512, []);
      await expect(ingestPrefix(raw, { profile: 'maison', alwaysMapped: [] })).rejects.toThrow('multiple of 1 MiB');
    });
  });

  it('stops when it is interrupted, and leaves the raw file where it was', async () => {
    await withCache(async (folder) => {
      const raw = await writeSparse(join(folder, 'raw.img'), MIB, []);
      await expect(ingestPrefix(raw, { profile: 'maison', alwaysMapped: [], signal: AbortSignal.abort() })).rejects.toThrow('aborted');
      await access(raw);
    });
  });
});

describe('loadPrefix()', () => {
  it('gives nothing for a prefix that was never built, or whose midstate another version saved', async () => {
    await withCache(async (folder) => {
      expect(await loadPrefix('0'.repeat(64))).toBeUndefined();
      const prefix = await makePrefix(folder);
      const file = join(prefixFile(prefix.digest, 'img'), '../prefix.json');
      await writeFile(file, JSON.stringify({ ...prefix, midstate: 'AAAA' }));
      expect(await loadPrefix(prefix.digest)).toBeUndefined();
    });
  });
});
