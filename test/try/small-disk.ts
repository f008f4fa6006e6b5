import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { MIB, writeSparse } from '../image/sample-prefix.ts';

const CONFIG = '# generated\narm_64bit=1\n\nkernel=vmlinuz-6.12.1-arm64\ninitramfs initrd.img-6.12.1-arm64\n';
/** What is on a boot partition of Debian's. */
export const BOOT_FILES = { 'config.txt': CONFIG, 'vmlinuz-6.12.1-arm64': 'K', 'initrd.img-6.12.1-arm64': 'I', 'bcm2837-rpi-3-b.dtb': 'D' };

/** A disk of 8 MiB, card.img in the folder, whose only partition is a FAT with these files. */
export async function makeSmallDisk(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const mbr = Buffer.alloc(512);
  mbr.writeUInt8(0x0c, 446 + 4);
  mbr.writeUInt32LE(2048, 446 + 8);
  mbr.writeUInt32LE(7 * 2048, 446 + 12);
  mbr.writeUInt16LE(0xaa55, 510);
  const disk = await writeSparse(join(folder, 'card.img'), 8 * MIB, [{ offset: 0, bytes: mbr }]);
  const partition = `${disk}@@${MIB}`;
  await runCommand(['mformat', '-i', partition, '-T', String(7 * 2048), '-h', '16', '-s', '63', '::']);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, 'file'), text);
    await runCommand(['mcopy', '-i', partition, join(folder, 'file'), `::${name}`]);
  }
  return disk;
}
