import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseBootConfig, readBootFiles } from '../../builder/try/boot-files.ts';
import { createQuietSession, MIB, writeSparse } from '../image/sample-prefix.ts';
import { BOOT_FILES, makeSmallDisk } from './small-disk.ts';

const session = createQuietSession();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-boot-'));
});
afterEach(() => rm(folder, { recursive: true }));

const makeDisk = (files: Readonly<Record<string, string>>) => makeSmallDisk(folder, files);

describe('readBootFiles()', () => {
  it('takes out what config.txt names', async () => {
    const files = await readBootFiles(session, await makeDisk(BOOT_FILES), folder);
    const texts = await Promise.all([files.kernel, files.initrd, files.dtb ?? ''].map((file) => readFile(file, 'utf8')));
    expect(texts).toEqual(['K', 'I', 'D']);
    expect(files.isSemeurCard).toBe(false);
  });

  it('knows a Semeur card', async () => {
    expect((await readBootFiles(session, await makeDisk({ ...BOOT_FILES, 'semeur-card.txt': 'x' }), folder)).isSemeurCard).toBe(true);
  });

  it("knows Raspberry Pi's own kernel, by the name that its firmware takes where config.txt says nothing", async () => {
    const theirs = { 'config.txt': 'auto_initramfs=1\narm_64bit=1\n', 'kernel8.img': 'K', initramfs8: 'I', 'bcm2710-rpi-3-b.dtb': 'D' };
    expect(await readBootFiles(session, await makeDisk(theirs), folder)).toMatchObject({
      isRaspberryPis: true,
      dtb: expect.stringContaining('bcm2710'),
    });
    expect((await readBootFiles(session, await makeDisk(BOOT_FILES), folder)).isRaspberryPis).toBe(false);
  });

  it.each([
    ['no config.txt', { other: 'x' }, 'has no config.txt'],
    ['a kernel that is missing', { 'config.txt': BOOT_FILES['config.txt'] }, 'names "vmlinuz-6.12.1-arm64", which is not on'],
  ])('refuses a card with %s', async (_, files, why) => {
    await expect(readBootFiles(session, await makeDisk(files), folder)).rejects.toThrow(why);
  });

  it('refuses what is no disk, or half of one', async () => {
    const disk = await makeDisk(BOOT_FILES);
    await writeFile(join(folder, 'half.img'), (await readFile(disk)).subarray(0, 2 * MIB));
    await expect(readBootFiles(session, join(folder, 'half.img'), folder)).rejects.toThrow('is it whole?');
    const empty = await writeSparse(join(folder, 'empty.img'), MIB, []);
    await expect(readBootFiles(session, empty, folder)).rejects.toThrow('has no partition table');
  });
});

describe('parseBootConfig()', () => {
  it.each([
    ['', { kernel: 'kernel8.img', initramfs: 'initramfs8' }],
    [BOOT_FILES['config.txt'], { kernel: 'vmlinuz-6.12.1-arm64', initramfs: 'initrd.img-6.12.1-arm64' }],
    ['kernel=a\n[pi4]\nkernel=b\n[pi3]\ninitramfs c followkernel\r\n[pi5]\nkernel=d\n', { kernel: 'a', initramfs: 'c' }],
    ['[pi4]\nkernel=b\n[all]\nkernel=a', { kernel: 'a', initramfs: 'initramfs8' }],
  ])('reads %j', (text, config) => expect(parseBootConfig(text)).toEqual(config));
});
