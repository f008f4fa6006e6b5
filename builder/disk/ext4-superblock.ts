import { Failure } from '../../kit/failure.ts';

/** What tells one file system from another, as mke2fs is told it. */
export interface Ext4Identity {
  readonly uuid: string;
  readonly label: string;
  /** Orders the names in large folders. */
  readonly hashSeed: string;
  /** By mke2fs's names, in its order. */
  readonly features: readonly string[];
}

/** Where its inodes are. */
export interface Geometry {
  readonly identity: Ext4Identity;
  readonly blockSize: number;
  readonly inodeSize: number;
  readonly inodesPerGroup: number;
  /** First block of each group's inode table. */
  readonly tables: readonly number[];
}

const NEEDS_RECOVERY = 0x4;
const IS_64BIT = 0x80;
/** Those that no reader may overlook: what is read here takes no notice of them, or knows them. */
const INCOMPATIBLE = { filetype: 0x2, extent: 0x40, '64bit': IS_64BIT, flex_bg: 0x200, metadata_csum_seed: 0x2000, large_dir: 0x4000 };
const KNOWN = Object.values(INCOMPATIBLE).reduce((all, bit) => all | bit, 0);
/** Names as in mke2fs(8) and ext4(5), by where the superblock has them and which bit they are. */
const FEATURES = [
  { at: 92, bits: { has_journal: 0x4, ext_attr: 0x8, resize_inode: 0x10, dir_index: 0x20, sparse_super2: 0x200, orphan_file: 0x1000 } },
  { at: 96, bits: INCOMPATIBLE },
  { at: 100, bits: { sparse_super: 0x1, large_file: 0x2, huge_file: 0x8, dir_nlink: 0x20, extra_isize: 0x40, metadata_csum: 0x400 } },
];

/** Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/super.html */
export async function readGeometry(read: (at: number, bytes: number) => Promise<Buffer>): Promise<Geometry> {
  const block = await read(1024, 1024);
  if (block.readUInt16LE(56) !== 0xef53) throw unreadable('it has no ext4 superblock');
  const incompatible = block.readUInt32LE(96);
  if (incompatible & NEEDS_RECOVERY) throw unreadable('it was not unmounted: its journal has to be replayed');
  const unknown = incompatible & ~KNOWN;
  if (unknown) throw unreadable(`it has a feature that is not known here (incompatible 0x${unknown.toString(16)})`);
  const blockSize = 1024 * 2 ** block.readUInt32LE(24);
  const inodesPerGroup = block.readUInt32LE(40);
  const groups = Math.ceil(block.readUInt32LE(0) / inodesPerGroup);
  const isLarge = (incompatible & IS_64BIT) !== 0;
  const descriptorSize = isLarge ? block.readUInt16LE(254) : 32;
  const descriptors = await read((block.readUInt32LE(20) + 1) * blockSize, groups * descriptorSize);
  const tables = Array.from({ length: groups }, (_, group) => {
    const at = group * descriptorSize;
    return descriptors.readUInt32LE(at + 8) + (isLarge ? descriptors.readUInt32LE(at + 40) * 2 ** 32 : 0);
  });
  return { identity: parseIdentity(block), blockSize, inodeSize: block.readUInt16LE(88), inodesPerGroup, tables };
}

function parseIdentity(block: Buffer): Ext4Identity {
  const uuid = (at: number) => block.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const features = FEATURES.flatMap(({ at, bits }) => Object.entries(bits).flatMap(([name, bit]) => (block.readUInt32LE(at) & bit ? [name] : [])));
  return { uuid: uuid(104), label: block.toString('latin1', 120, 136).replace(/\0.*$/s, ''), hashSeed: uuid(236), features };
}

export function unreadable(why: string): Failure {
  return new Failure(`Cannot read the root file system of the image: ${why}`, {
    hint: 'Is the image whole? "e2fsck -fn" on its second partition tells more; a file system that was in use has to be unmounted first',
  });
}
