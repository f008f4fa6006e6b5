import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isZstFrame, parseZstSeedFrame, renderZstSeedFrame } from '../../builder/image/zst-format.ts';
import { runCommand } from '../../kit/command.ts';
import { MIB, makeRegion } from './sample-prefix.ts';

describe('renderZstSeedFrame()', () => {
  it.each([0, 1, 4096, 131_072, 131_073, 4 * MIB])('makes a frame that zstd reads, of %i bytes and zeros', async (used) => {
    const region = makeRegion(used);
    const frame = await renderZstSeedFrame(region);
    expect((await runCommand(['zstd', '--decompress', '--stdout'], { input: frame })).equals(region)).toBe(true);
    expect((await parseZstSeedFrame(frame))?.equals(region)).toBe(true);
  });

  it('bears a checksum that zstd holds it to', async () => {
    const frame = await renderZstSeedFrame(makeRegion());
    frame[100] = (frame[100] ?? 0) ^ 1;
    await expect(runCommand(['zstd', '--decompress', '--stdout'], { input: frame })).rejects.toThrow(/checksum/i);
    expect(await parseZstSeedFrame(frame)).toBeUndefined();
  });
});

describe('isZstFrame()', () => {
  it('knows a whole frame of zstd and its content size, and nothing shorter or longer', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 300, max: 400_000 }), fc.nat(3), async (bytes, level) => {
      const frame = await runCommand(['zstd', `-${level + 1}`, '--stdout', `--stream-size=${bytes}`], { input: makeRegion().subarray(0, bytes) });
      expect(isZstFrame(frame, bytes)).toBe(true);
      expect(isZstFrame(frame, bytes + 1)).toBe(false);
      expect(isZstFrame(frame.subarray(0, -1), bytes)).toBe(false);
      expect(isZstFrame(Buffer.concat([frame, Buffer.alloc(1)]), bytes)).toBe(false);
    });
    await fc.assert(property, { numRuns: 10 });
  });
});
