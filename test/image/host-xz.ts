import { open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compressor } from '../../builder/image/compressor.ts';
import { PREFIX_BLOCK_BYTES } from '../../builder/image/prefix.ts';
import { runCommand } from '../../kit/command.ts';

/** The machine's own xz, at its fastest: images for tests. Real ones are compressed by the toolbox's pinned xz. */
export const hostXz: Compressor = {
  name: 'host-xz--0',
  async compress(blocks, rawFile, intoFolder, { signal }) {
    const raw = await open(rawFile, 'r');
    try {
      for (const { index, bytes, sha256 } of blocks) {
        const input = Buffer.alloc(bytes);
        await raw.read(input, 0, bytes, index * PREFIX_BLOCK_BYTES);
        const file = join(intoFolder, `${sha256}.xz`);
        await writeFile(`${file}.part`, await runCommand(['xz', '--check=crc32', '-0', '--stdout'], { input, signal }));
        await rename(`${file}.part`, file);
      }
    } finally {
      await raw.close();
    }
  },
};
