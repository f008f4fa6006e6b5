import type { Board, BoardFiles } from './boards.ts';
import type { Emulator, MachineName } from './emulator.ts';

const WITH_VIDEOCORE_4: readonly Board[] = ['pi3', 'zero2w'];
const KERNEL = /^(kernel8\.img|vmlinuz-.*)$/;

/**
 * The names that Raspberry Pi's firmware looks for (its documentation, "boot folder contents"). `vmlinuz-*` and `bcm2837-*` are
 * Debian's.
 */
export const PI_FILES: BoardFiles = {
  readers: [
    { files: /^(bootcode\.bin|start(_\w+)?\.elf|fixup(_\w+)?\.dat)$/, boards: WITH_VIDEOCORE_4 },
    { files: /^(start4\w*\.elf|fixup4\w*\.dat|bcm2711-.*\.dtb)$/, boards: ['pi4'] },
    { files: /^(kernel8\.img|initramfs8)$/, boards: ['pi3', 'pi4', 'zero2w'] },
    { files: /^(kernel_2712\.img|initramfs_2712|bcm2712.*\.dtb)$/, boards: ['pi5'] },
    { files: /^bcm(2710|2837)-rpi-3-.*\.dtb$/, boards: ['pi3'] },
    { files: /^bcm(2710|2837)-rpi-zero-2.*\.dtb$/, boards: ['zero2w'] },
    // Boards with processors of 32 bits, which no profile can name.
    { files: /^(bcm(2708|2709)-.*\.dtb|bcm2835-.*\.dtb|bcm2836-.*\.dtb|kernel7?l?\.img|initramfs7?l?)$/, boards: [] },
  ],
  // A kernel and a device tree; the rest, as firmware, has other names from one generation to the next.
  needs: {
    pi3: [KERNEL, /^bcm(2710|2837)-rpi-3-b/],
    pi4: [KERNEL, /^bcm2711-rpi-4-b/],
    pi5: [/^kernel_2712\.img$/, /^bcm2712.*-rpi-5-b/],
    zero2w: [KERNEL, /^bcm(2710|2837)-rpi-zero-2/],
  },
};

export const PI_DROP_PARTITION = { label: 'bootfs', mount: '/boot/firmware' } as const;

export const PI_LIGHT = 'ACT';

const QEMU = { program: 'qemu-system-aarch64', package: 'qemu-system-arm' } as const;

export const PI_EMULATORS: Readonly<Record<MachineName, Emulator>> = {
  /**
   * One processor: a second one made no boot faster here, and where the host is busy they spend their time on waiting for one another (a kernel that
   * changes its own code stops them all, and the host runs one at a time): boots stood still for half a minute.
   */
  virt: { ...QEMU, hardware: ['-cpu', 'cortex-a72', '-smp', '1', '-m', '1024'], console: 'ttyAMA0' },
  raspi3b: { ...QEMU, hardware: [], console: 'ttyS1,115200' },
};
