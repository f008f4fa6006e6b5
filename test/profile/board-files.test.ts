import { describe, expect, it } from 'vitest';
import { checkBoardsStart, filesOfOtherBoards } from '../../builder/profile/board-files.ts';
import { Failure } from '../../kit/failure.ts';

/** Files as they lie on the boot partition of Raspberry Pi OS. */
const RASPIOS = [
  'bcm2710-rpi-3-b-plus.dtb',
  'bcm2710-rpi-3-b.dtb',
  'bcm2710-rpi-zero-2-w.dtb',
  'bcm2711-rpi-4-b.dtb',
  'bcm2712-rpi-5-b.dtb',
  'bootcode.bin',
  'cmdline.txt',
  'config.txt',
  'fixup.dat',
  'fixup4.dat',
  'initramfs8',
  'initramfs_2712',
  'kernel8.img',
  'kernel_2712.img',
  'overlays',
  'start.elf',
  'start4.elf',
  'start_x.elf',
];

const base = 'raspios-lite-arm64';

describe('the boot partition', () => {
  it('keeps what its boards read, and what is not known to be for others', () => {
    expect(filesOfOtherBoards(RASPIOS, { base, boards: ['pi3', 'pi4', 'pi5', 'zero2w'] })).toEqual([]);
    expect(filesOfOtherBoards(RASPIOS, { base, boards: ['pi3', 'pi4', 'zero2w'] })).toEqual([
      'bcm2712-rpi-5-b.dtb',
      'initramfs_2712',
      'kernel_2712.img',
    ]);
    expect(RASPIOS.filter((name) => !filesOfOtherBoards(RASPIOS, { base, boards: ['pi5'] }).includes(name))).toEqual([
      'bcm2712-rpi-5-b.dtb',
      'cmdline.txt',
      'config.txt',
      'initramfs_2712',
      'kernel_2712.img',
      'overlays',
    ]);
    expect(filesOfOtherBoards(['vmlinuz-6.12', 'initrd.img-6.12', 'bcm2837-rpi-3-b.dtb', 'start4.elf'], { base, boards: ['pi3'] })).toEqual([
      'start4.elf',
    ]);
  });

  it.each(['pi3', 'pi4', 'pi5', 'zero2w'] as const)('goes without nothing that a %s needs', (board) => {
    const kept = RASPIOS.filter((name) => !filesOfOtherBoards(RASPIOS, { base, boards: [board] }).includes(name));
    expect(() => checkBoardsStart(kept, { profile: 'maison', base, boards: [board] })).not.toThrow();
  });

  it('says which boards would find nothing to start', () => {
    const old = RASPIOS.filter((name) => !name.includes('2712'));
    const check = () => checkBoardsStart(old, { profile: 'maison', base, boards: ['pi4', 'pi5'] });
    expect(check).toThrow(Failure);
    expect(check).toThrow('"maison" for pi5: the base has no kernel');
  });
});
