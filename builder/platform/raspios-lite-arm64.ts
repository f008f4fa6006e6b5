import { arm64 } from './architecture.ts';
import { debianArm64 } from './debian-arm64.ts';
import type { ImagePlatform } from './platform.ts';
import { PI_DROP_PARTITION, PI_EMULATORS, PI_FILES, PI_LIGHT } from './raspberry-pi.ts';

/** Raspberry Pi OS Lite, 64 bits, as Raspberry Pi publishes it: its kernels run every board. */
export const raspiosLiteArm64 = {
  base: 'raspios-lite-arm64',
  origin: 'image',
  trialKernel: debianArm64,
  architecture: arm64,
  boards: ['pi3', 'pi4', 'pi5', 'zero2w'],
  boardFiles: PI_FILES,
  overlays: ['raspios'],
  dropPartition: PI_DROP_PARTITION,
  light: PI_LIGHT,
  emulators: PI_EMULATORS,
} as const satisfies ImagePlatform;
