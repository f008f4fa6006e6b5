import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureFat32 } from '../../builder/disk/fat32.ts';
import { runCommand } from '../../kit/command.ts';
import { makeUsedCard } from '../image/used-card.ts';
import { sha256, withFolder } from '../raspios/sample-image.ts';

const MIB = 1024 * 1024;
const START = 4 * MIB;
/** By sectors a cluster: with fewer clusters it would be no FAT32. */
const BYTES: Readonly<Record<number, number>> = { 1: 36 * MIB, 2: 72 * MIB };

/** A disk with a FAT32 at 4 MiB: files with zeros within and at the end, in a folder too, and one that was deleted between them. */
async function makeDisk(folder: string, clusterSectors: number, bytes: number): Promise<string> {
  const [disk, fat] = [join(folder, 'disk.img'), join(folder, 'fat')];
  await writeFile(disk, Buffer.alloc(START));
  await runCommand(['truncate', '--size', String(bytes), fat]);
  await runCommand(['mkfs.vfat', '--invariant', '-F', '32', '-s', String(clusterSectors), fat]);
  const holey = join(folder, 'holey');
  await writeFile(holey, Buffer.concat([Buffer.from('a'), Buffer.alloc(300_000), Buffer.from('b'), Buffer.alloc(100_000)]));
  await runCommand(['mmd', '-i', fat, '::overlays']);
  for (const name of ['::start.elf', '::deleted', '::overlays/last']) await runCommand(['mcopy', '-i', fat, holey, name]);
  await runCommand(['mdel', '-i', fat, '::deleted']);
  await runCommand(['sh', '-c', 'cat "$1" >>"$2"', 'sh', fat, disk]);
  return disk;
}

async function checkFat(folder: string, disk: string): Promise<string[]> {
  const fat = join(folder, 'checked');
  await writeFile(fat, (await readFile(disk)).subarray(START));
  await runCommand(['fsck.vfat', '-n', fat]);
  return Promise.all(['::start.elf', '::overlays/last'].map(async (name) => sha256(await runCommand(['mtype', '-i', fat, name]))));
}

describe('measureFat32()', () => {
  it.each([1, 2])('is as much of it as a used card has to be given, zeros too, with %i sector(s) a cluster, and no more', (clusterSectors) =>
    withFolder(async (folder) => {
      const bytes = BYTES[clusterSectors] ?? 0;
      const disk = await makeDisk(folder, clusterSectors, bytes);
      const used = await measureFat32(disk, START);
      expect(used).toBeLessThan(4 * MIB);
      const card = join(folder, 'card');
      await makeUsedCard(card, START + bytes);
      const handle = await open(card, 'r+');
      await handle.write((await readFile(disk)).subarray(START, START + used), 0, used, START);
      const files = await checkFat(folder, disk);
      expect(await checkFat(folder, card)).toEqual(files);
      await handle.write(Buffer.from([0xff]), 0, 1, START + used - clusterSectors * 512);
      expect(await checkFat(folder, card)).not.toEqual(files);
      await handle.close();
    }),
  );
});
