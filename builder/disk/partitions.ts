/** A primary partition of an MBR, in bytes. */
export interface Partition {
  /** 1 to 4. */
  readonly number: number;
  /** 0x0c: FAT32; 0x83: Linux. */
  readonly type: number;
  readonly start: number;
  readonly bytes: number;
}

export const MBR_BYTES = 512;
const SECTOR_BYTES = 512;
const TABLE_AT = 446;

/** @param mbr the first 512 bytes of a disk. @returns undefined when they are no MBR. */
export function parsePartitions(mbr: Buffer): Partition[] | undefined {
  if (mbr.length < MBR_BYTES || mbr.readUInt16LE(510) !== 0xaa55) return undefined;
  return [1, 2, 3, 4].flatMap((number) => {
    const entry = mbr.subarray(TABLE_AT + (number - 1) * 16, TABLE_AT + number * 16);
    const type = entry[4] ?? 0;
    return type === 0 ? [] : [{ number, type, start: entry.readUInt32LE(8) * SECTOR_BYTES, bytes: entry.readUInt32LE(12) * SECTOR_BYTES }];
  });
}

export function describeType(type: number): string {
  return { 12: 'FAT32', 11: 'FAT32', 14: 'FAT16', 131: 'Linux' }[type] ?? `0x${type.toString(16).padStart(2, '0')}`;
}
