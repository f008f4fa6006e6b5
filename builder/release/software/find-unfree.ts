import type { InstalledPackage } from './dpkg-status.ts';
import type { PackageOrigin } from './package-origins.ts';
import { debianPackageUrl } from './package-url.ts';

/** A package that a card has although it is not free software, and why. */
export interface Exception {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

/** A package that a release may not have. */
export interface Unfree {
  readonly name: string;
  readonly version: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

export interface FreedomCheck {
  readonly unfree: readonly Unfree[];
  readonly exceptions: readonly Exception[];
}

/** Firmware is what a chip runs of itself; none of these has a free one in its place. No name that isn't here gets in. */
const FIRMWARE: readonly { readonly names: RegExp; readonly reason: string }[] = [
  { names: /^raspi-firmware$/, reason: "without it no Raspberry Pi starts: its graphics chip runs it before Linux's first instruction" },
  { names: /^rpi-eeprom$/, reason: 'what a Raspberry Pi 4 or 5 starts from, in its own memory' },
  { names: /^firmware-brcm80211$/, reason: "the Raspberry Pi's own Wi-Fi chip runs it" },
  { names: /^bluez-firmware$/, reason: "the Raspberry Pi's own Bluetooth chip runs it" },
  { names: /^firmware-(atheros|libertas|mediatek|misc-nonfree|realtek)$/, reason: 'Wi-Fi adapters in a USB port run it' },
];
const RASPBERRY_PI = 'Raspberry Pi Foundation';
const RASPBERRY_PI_REASON = "of Raspberry Pi's own archive, which its system can't do without, and which is not held to Debian's guidelines";
const IMAGE_REASON = 'came with the image of Raspberry Pi OS; no list of the lock has this version';

export interface FreedomFacts {
  readonly profile: string;
  readonly packages: readonly InstalledPackage[];
  readonly origins: ReadonlyMap<string, PackageOrigin>;
  /** Whether the base is an image: its own packages can be older than any list. */
  readonly fromImage: boolean;
}

/**
 * Every package of a card is of Debian's main, which holds free software alone, or it is an exception that is told with its reason.
 * @see https://www.debian.org/social_contract#guidelines
 */
export function findUnfree({ profile, packages, origins, fromImage }: FreedomFacts): FreedomCheck {
  const unfree: Unfree[] = [];
  const exceptions: Exception[] = [];
  for (const installed of packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name, version } = installed;
    const origin = origins.get(debianPackageUrl(installed));
    if (origin?.archive === 'Debian' && isMain(origin.component)) continue;
    const verdict = judge(installed, origin, fromImage);
    if ('reason' in verdict) exceptions.push({ name, version, reason: verdict.reason });
    else unfree.push({ name, version, message: `"${name}" ${version} ${verdict.fault}`, hint: remedy(profile) });
  }
  return { unfree, exceptions };
}

function judge({ name, section }: InstalledPackage, origin: PackageOrigin | undefined, fromImage: boolean): { reason: string } | { fault: string } {
  const firmware = FIRMWARE.find(({ names }) => names.test(name));
  if (origin?.archive === 'Debian') {
    if (firmware && origin.component === 'non-free-firmware') return { reason: firmware.reason };
    return { fault: `is of Debian's "${origin.component}"` };
  }
  if (origin === undefined && !fromImage) return { fault: "is in no package list of the profile's lock" };
  if (origin && !(fromImage && origin.archive === RASPBERRY_PI)) return { fault: `is of the archive "${origin.archive}"` };
  if (firmware) return { reason: firmware.reason };
  // Raspberry Pi has one component for all; the section still says what Debian thought of it.
  if (section.includes('/')) return { fault: `is of the section "${section}"` };
  return { reason: origin ? RASPBERRY_PI_REASON : IMAGE_REASON };
}

/** The security archive calls it "updates/main" in its own files. */
function isMain(component: string): boolean {
  return component === 'main' || component === 'updates/main';
}

function remedy(profile: string): string {
  return `Take it out of "packages:" in profiles/${profile}.yaml, or of the overlay that brings it: a release has Debian's main, and the firmware that Semeur names`;
}
