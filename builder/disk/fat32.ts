import { open } from 'node:fs/promises';
import { readRange } from '../../kit/file-range.ts';

/**
 * How many bytes of a FAT32 file system are in use, from its first on: its tables, whose zeros say that clusters are free, and all clusters up to the
 * last that is taken, whose zeros are what files hold.
 * Source: Microsoft, FAT: General Overview of On-Disk Format, 1.03.
 * @param start of the file system, in bytes from the start of the disk.
 */
export async function measureFat32(disk: string, start: number): Promise<number> {
  const handle = await open(disk);
  try {
    const boot = await readRange(handle, start, 512);
    const sector = boot.readUInt16LE(11);
    // In sectors.
    const [cluster, reserved, length] = [boot.readUInt8(13), boot.readUInt16LE(14), boot.readUInt32LE(36)];
    const copies = boot.readUInt8(16);
    const table = await readRange(handle, start + reserved * sector, length * sector);
    // The first cluster is number 2; the upper four bits of an entry belong to nobody.
    let last = table.length / 4 - 1;
    while (last > 1 && (table.readUInt32LE(last * 4) & 0x0fffffff) === 0) last--;
    return (reserved + copies * length + (last - 1) * cluster) * sector;
  } finally {
    await handle.close();
  }
}
