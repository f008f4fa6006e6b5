import type { Architecture } from './architecture.ts';
import { debianArm64 } from './debian-arm64.ts';
import type { Emulator, MachineName } from './emulator.ts';
import type { Platform } from './platform.ts';
import { raspiosLiteArm64 } from './raspios-lite-arm64.ts';

const RECORDS = [debianArm64, raspiosLiteArm64] as const;

/** The name of a base, as profiles have it. */
export type Base = (typeof RECORDS)[number]['base'];
export const BASES: readonly Base[] = RECORDS.map(({ base }) => base);
/** What a profile gets that asks for none. */
export const DEFAULT_BASE: Base = debianArm64.base;

export const PLATFORMS: readonly (Platform & { readonly base: Base })[] = RECORDS;
export const ARCHITECTURES: readonly Architecture[] = [...new Set(PLATFORMS.map(({ architecture }) => architecture))];

export function platformOf(base: Base): Platform {
  const found = PLATFORMS.find((platform) => platform.base === base);
  if (!found) throw new Error(`no platform has the base "${base}"`);
  return found;
}

/** The names of the bases that are made of packages, or taken out of an image. */
export function basesFrom(origin: Platform['origin']): Base[] {
  return PLATFORMS.filter((platform) => platform.origin === origin).map(({ base }) => base);
}

/** What QEMU is told of a machine, which is the same whichever platform starts on it. */
export function emulatorOf(machine: MachineName): Emulator {
  const found = PLATFORMS.map(({ emulators }) => emulators[machine]).find((emulator) => emulator !== undefined);
  if (!found) throw new Error(`no platform starts on the machine "${machine}"`);
  return found;
}
