import { arm64 } from './architecture.ts';
import type { DebianPlatform } from './platform.ts';
import { PI_DROP_PARTITION, PI_EMULATORS, PI_FILES, PI_LIGHT } from './raspberry-pi.ts';

const MIB = 1024 * 1024;

/** Debian 13 on a Pi. Its kernel (6.12) has no drivers for a Pi 5; a Zero 2 W is to it a Pi 3 with other peripherals, not tried. */
export const debianArm64 = {
  base: 'debian-arm64',
  origin: 'packages',
  architecture: arm64,
  boards: ['pi3', 'pi4'],
  boardFiles: PI_FILES,
  bootPackages: ['linux-image-arm64', 'raspi-firmware', 'initramfs-tools', 'kmod', 'zstd', 'udev'],
  overlays: [],
  disk: {
    boot: { start: 8 * MIB, bytes: 256 * MIB, clusterSectors: 1, isActive: true },
    // What older programs don't know, as those of a rescue disk, is left out.
    root: { start: 264 * MIB, label: 'rootfs', features: '^64bit,^huge_file,^orphan_file,^metadata_csum_seed' },
  },
  dropPartition: PI_DROP_PARTITION,
  light: PI_LIGHT,
  emulators: PI_EMULATORS,
} as const satisfies DebianPlatform;
