import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderBmap } from '../../builder/image/bmap.ts';
import { composeTail } from '../../builder/image/compose.ts';
import { MAP_BLOCK_BYTES } from '../../builder/image/prefix.ts';
import { writeImage } from '../../builder/image/write-image.ts';
import { runCommand } from '../../kit/command.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { MIB, makeCompressedPrefix, makeRegion, withCache } from './sample-prefix.ts';
import { makeUsedCard, writeByBmap } from './used-card.ts';

const CARD_BYTES = 40 * MIB;

interface Files {
  /** A client's, of 37 MiB. */
  readonly image: string;
  /** Their profile's. */
  readonly bmap: string;
  /** A used one. */
  readonly card: string;
  readonly whole: Buffer;
  /** What the card is to be: where the map has nothing, it keeps what it had. */
  readonly expected: Buffer;
}

async function withCard(task: (files: Files) => Promise<void>): Promise<void> {
  await withCache(async (folder) => {
    const [image, bmap, card] = ['client.img.xz', 'profile.bmap', 'card'].map((name) => join(folder, name)) as [string, string, string];
    const prefix = await makeCompressedPrefix(folder, 'xz');
    const { tail } = await composeTail(prefix, makeRegion(), 'xz');
    await writeImage(prefix, tail, 'xz', image);
    await writeFile(bmap, renderBmap(prefix));
    await makeUsedCard(card, CARD_BYTES);
    const whole = await runCommand(['xz', '-dc', image]);
    const expected = Buffer.alloc(CARD_BYTES, 0xff);
    const region = { first: prefix.bytes / MAP_BLOCK_BYTES, last: whole.length / MAP_BLOCK_BYTES - 1 };
    for (const { first, last } of [...prefix.mapped, region])
      whole.copy(expected, first * MAP_BLOCK_BYTES, first * MAP_BLOCK_BYTES, (last + 1) * MAP_BLOCK_BYTES);
    await task({ image, bmap, card, whole, expected });
  });
}

describe('bmaptool', () => {
  it("writes what a profile's map says onto a used card, the seed region whole, and finds it verified", async () => {
    await withCard(async (files) => {
      await writeByBmap(files);
      const card = await readFile(files.card);
      expect(card.equals(files.expected)).toBe(true);
      const unused = card.subarray(33 * MIB + 9000, 33 * MIB + REGION_BYTES);
      expect(unused.equals(Buffer.alloc(unused.length))).toBe(true);
      await runCommand(['bmaptool', 'copy', '--bmap', files.bmap, files.image, files.card]);
      expect((await readFile(files.card)).equals(files.whole)).toBe(true);
    });
  });

  it('finds an image that is not the one of the map', async () => {
    await withCard(async (files) => {
      const image = join(files.card, '..', 'client.img');
      await writeFile(image, files.whole);
      const handle = await open(image, 'r+');
      await handle.write(Buffer.from('x'), 0, 1, 100_000);
      await handle.close();
      await expect(writeByBmap({ ...files, image })).rejects.toThrow('checksum mismatch');
    });
  });
});
