import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeType, MBR_BYTES, parsePartitions } from '../../builder/disk/partitions.ts';
import { readComposed } from '../../builder/image/composed.ts';
import { readHead } from '../../builder/image/decode.ts';

describe('readComposed()', () => {
  it('says that a file is not there', async () => {
    await expect(readComposed('/nowhere.img.xz')).rejects.toThrow('there is no such file');
  });

  it.each([
    ['an xz stream that is cut short', Buffer.from('fd377a585a000001', 'hex')],
    ['a zstd frame that is cut short', Buffer.from('28b52ffda400', 'hex')],
  ])('refuses %s', async (_, bytes) => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-inspect-'));
    try {
      const file = join(folder, 'image');
      await writeFile(file, Buffer.concat([bytes, Buffer.alloc(40)]));
      await expect(readComposed(file).then(() => readHead(file, 'xz', 10))).rejects.toThrow('Cannot read the image');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('parsePartitions()', () => {
  it('reads the used entries of an MBR, in bytes, and nothing from anything else', () => {
    const mbr = Buffer.alloc(MBR_BYTES);
    mbr.writeUInt16LE(0xaa55, 510);
    mbr[446 + 4] = 0x0c;
    mbr.writeUInt32LE(16_384, 446 + 8);
    mbr.writeUInt32LE(2048, 446 + 12);
    expect(parsePartitions(mbr)).toEqual([{ number: 1, type: 0x0c, start: 8 * 1024 * 1024, bytes: 1024 * 1024 }]);
    expect(parsePartitions(Buffer.alloc(MBR_BYTES))).toBeUndefined();
    expect(parsePartitions(mbr.subarray(0, 100))).toBeUndefined();
    expect([describeType(0x0c), describeType(0x83), describeType(0xee)]).toEqual(['FAT32', 'Linux', '0xee']);
  });
});
