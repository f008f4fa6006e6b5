import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composeTail } from '../../builder/image/compose.ts';
import { readComposed, readRegion } from '../../builder/image/composed.ts';
import { compressPrefix } from '../../builder/image/compress.ts';
import { type ImageFormat, prefixFile } from '../../builder/image/prefix.ts';
import { writeImage } from '../../builder/image/write-image.ts';
import { zstCompressor } from '../../builder/image/zst-compressor.ts';
import { expectSameBytes } from '../same-bytes.ts';
import { sameForAll, unpackByAll } from './flashers.ts';
import { createQuietSession, MIB, makeCompressedPrefix, makePrefix, makeRegion, withCache } from './sample-prefix.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function composeSample(folder: string, format: ImageFormat, region: Buffer) {
  const prefix =
    format === 'xz'
      ? await makeCompressedPrefix(folder, 'xz')
      : format === 'zst'
        ? await compressPrefix(await makePrefix(folder), 'zst', zstCompressor, createQuietSession())
        : await makePrefix(folder);
  const file = join(folder, `image.${format}`);
  const composed = await composeTail(prefix, region, format);
  await writeImage(prefix, composed.tail, format, file);
  const expected = Buffer.concat([await readFile(prefixFile(prefix.digest, 'img')), region]);
  return { prefix, composed, file, expected };
}

describe('composeTail()', () => {
  it.each(['xz', 'zst', 'img'] as const)(
    'makes an .img.%s that all flashers read as prefix + region, with the sizes and hashes it says',
    async (format) => {
      await withCache(async (folder) => {
        const region = makeRegion();
        const { composed, file, expected } = await composeSample(folder, format, region);
        expect(composed.extracted).toEqual({ bytes: 37 * MIB, sha256: sha256(expected) });
        expect(await unpackByAll(format, file)).toEqual(sameForAll(format, composed.extracted));
        const bytes = await readFile(file);
        expect(composed.image).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
        const { last, ...found } = await readComposed(file);
        expect(found).toEqual({ format, bytes: bytes.length, extractedBytes: 37 * MIB, oneStream: true });
        expectSameBytes(await readRegion(file), region);
      });
    },
  );
});
