import type { Profile } from './schema.ts';

/** Which boards each base runs. Debian 13's kernel (6.12) has no drivers for a Pi 5; a Zero 2 W is to it a Pi 3 with other peripherals, not tried. */
export const BASE_BOARDS: Readonly<Record<Profile['base'], readonly Profile['boards'][number][]>> = {
  'debian-arm64': ['pi3', 'pi4'],
  'raspios-lite-arm64': ['pi3', 'pi4', 'pi5', 'zero2w'],
};
