import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../kit/command.ts';
import { FLASHERS } from './flashers.ts';

const compress = (text: string) => runCommand(['xz', '--check=crc32', '--stdout'], { input: Buffer.from(text) });

describe('the flashers that images are tried with', () => {
  it('read two streams, one behind the other, as one file; but for the decoder of GNOME Disks, which sees the first alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-flashers-'));
    try {
      const [one, two] = [join(folder, 'one.xz'), join(folder, 'two.xz')];
      await writeFile(one, await compress('semis'));
      await writeFile(two, Buffer.concat([await compress('se'), await compress('mis')]));
      for (const [flasher, unpack] of Object.entries(FLASHERS.xz)) {
        const semis = await unpack(one);
        expect(semis.bytes, flasher).toBe(5);
        if (flasher.startsWith('GNOME Disks')) await expect(unpack(two)).rejects.toThrow('something behind the first stream');
        else expect(await unpack(two), flasher).toEqual(semis);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
