import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../../kit/failure.ts';
import { readRange } from '../../kit/file-range.ts';
import { type Ext4, openExt4 } from './ext4.ts';
import { MBR_BYTES, type Partition, parsePartitions } from './partitions.ts';

/** A card's partitions, a FAT32 to boot from and an ext4 behind it, but for how large the second one is. */
export interface DiskLayout {
  readonly boot: {
    /** Bytes from the start of the disk. */
    readonly start: number;
    readonly bytes: number;
    readonly clusterSectors: number;
    /** Hexadecimal, as mkfs.vfat takes it. */
    readonly id: string;
    readonly label: string;
    /** Whether the partition table says so; no firmware of a Pi asks. */
    readonly isActive: boolean;
  };
  readonly root: {
    readonly start: number;
    readonly uuid: string;
    readonly hashSeed: string;
    readonly label: string;
    /** The features, in the words of mke2fs's -O. */
    readonly features: string;
  };
  /** "0x" and eight digits: PARTUUIDs begin with them. */
  readonly diskId: string;
}

const FAT32_TYPES = [0x0b, 0x0c];
const LINUX = 0x83;
const SECTOR = 512;

/** How a Raspberry Pi OS image is laid out, so that what is built from it is laid out the same. */
export async function readLayout(raw: string): Promise<DiskLayout> {
  const handle = await open(raw);
  try {
    const mbr = await readBytes(handle, 0, MBR_BYTES);
    const [boot, root, ...more] = parsePartitions(mbr) ?? [];
    if (!boot || !root || more.length > 0 || !FAT32_TYPES.includes(boot.type) || root.type !== LINUX || boot.start > root.start) throw strange();
    const { identity } = await openExt4(handle, root.start);
    const { features, ...names } = identity;
    return {
      boot: { start: boot.start, bytes: boot.bytes, isActive: isActive(mbr, boot), ...parseFat32(await readBytes(handle, boot.start, SECTOR)) },
      // "none" takes away what mke2fs.conf would add.
      root: { start: root.start, ...names, features: ['none', ...features].join(',') },
      diskId: `0x${mbr.readUInt32LE(440).toString(16).padStart(8, '0')}`,
    };
  } finally {
    await handle.close();
  }
}

/** Gives `task` the root file system of such an image. */
export async function withRoot<T>(raw: string, task: (root: Ext4) => Promise<T>): Promise<T> {
  const { start } = (await readLayout(raw)).root;
  const handle = await open(raw);
  try {
    return await task(await openExt4(handle, start));
  } finally {
    await handle.close();
  }
}

function isActive(mbr: Buffer, { number }: Partition): boolean {
  return mbr[446 + (number - 1) * 16] === 0x80;
}

/** Source: Microsoft, FAT: General Overview of On-Disk Format, 1.03. */
function parseFat32(sector: Buffer): Pick<DiskLayout['boot'], 'clusterSectors' | 'id' | 'label'> {
  if (sector.toString('latin1', 82, 87) !== 'FAT32' || sector.readUInt16LE(11) !== SECTOR) throw strange();
  return {
    clusterSectors: sector.readUInt8(13),
    id: sector.readUInt32LE(67).toString(16).padStart(8, '0'),
    label: sector.toString('latin1', 71, 82).trimEnd(),
  };
}

async function readBytes(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const found = await readRange(handle, position, bytes);
  if (found.length < bytes) throw strange();
  return found;
}

function strange(): Failure {
  return new Failure('Cannot build on this image: it has no two partitions, a FAT32 and an ext4 behind it', {
    hint: 'Give a 64-bit Raspberry Pi OS Lite image',
  });
}
