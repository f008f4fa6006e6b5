import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLayout } from '../../builder/disk/disk-layout.ts';
import { runCommand } from '../../kit/command.ts';
import { withFolder } from '../raspios/sample-image.ts';

const MIB = 1024 * 1024;
const UUID = '1f9c7d6e-2b3a-4c5d-8e9f-0a1b2c3d4e5f';
const SEED = '0a0b0c0d-1111-4222-8333-444455556666';

/** A disk with a FAT32 at 8 MiB and an ext4 at 48 MiB. */
async function makeDisk(folder: string, features: string, table = ',', ext4 = true): Promise<string> {
  const disk = join(folder, 'disk.img');
  await writeFile(disk, '');
  await truncate(disk, 80 * MIB);
  const lines = ['label: dos', 'label-id: 0x0e6f7a1c', `start=16384, size=81920, type=c${table.replace(/^,/, '')}`, 'start=98304, type=83', ''];
  await runCommand(['sfdisk', '--quiet', disk], { input: lines.join('\n') });
  await runCommand([
    'mkfs.vfat',
    '--invariant',
    '--offset',
    '16384',
    '-F',
    '32',
    '-s',
    '1',
    '-n',
    'bootfs',
    '-i',
    '0a1b2c3d',
    disk,
    String(40 * 1024),
  ]);
  const argv = ['mke2fs', '-q', '-t', 'ext4', '-L', 'rootfs', '-U', UUID, '-O', features, '-E', `hash_seed=${SEED},offset=${48 * MIB}`, disk, '32M'];
  if (ext4) await runCommand(argv);
  return disk;
}

describe('readLayout()', () => {
  it('tells what has to be said to make the same partitions again', () =>
    withFolder(async (folder) => {
      const disk = await makeDisk(folder, 'none,has_journal,ext_attr,extent,filetype,flex_bg,metadata_csum,huge_file', ', bootable');
      expect(await readLayout(disk)).toEqual({
        boot: { start: 8 * MIB, bytes: 40 * MIB, clusterSectors: 1, id: '0a1b2c3d', label: 'bootfs', isActive: true },
        root: {
          start: 48 * MIB,
          uuid: UUID,
          hashSeed: SEED,
          label: 'rootfs',
          features: 'none,has_journal,ext_attr,filetype,extent,flex_bg,huge_file,metadata_csum',
        },
        diskId: '0x0e6f7a1c',
      });
    }));

  it('names the features as mke2fs and dumpe2fs do', () =>
    withFolder(async (folder) => {
      const disk = await makeDisk(folder, '^64bit,^huge_file');
      const listing = String(await runCommand(['dumpe2fs', '-h', `${disk}?offset=${48 * MIB}`]));
      const names = /^Filesystem features: +(.*)$/m.exec(listing)?.[1]?.split(' ').sort();
      expect((await readLayout(disk)).root.features.split(',').slice(1).sort()).toEqual(names);
    }));

  it('refuses what is no such disk', () =>
    withFolder(async (folder) => {
      const other = join(folder, 'other.img');
      await writeFile(other, Buffer.alloc(MIB));
      await expect(readLayout(other)).rejects.toMatchObject({ message: expect.stringContaining('no two partitions') });
      await expect(readLayout(await makeDisk(folder, 'none', ',', false))).rejects.toMatchObject({ message: expect.stringContaining('ext4') });
    }));
});
