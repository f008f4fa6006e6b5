import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Archive, PooledFile } from '../../builder/debian/package-set.ts';
import type { InstalledPackage } from '../../builder/release/software/dpkg-status.ts';
import { findUnfree } from '../../builder/release/software/find-unfree.ts';
import { readLockedOrigins, readPackageOrigins } from '../../builder/release/software/package-origins.ts';
import { Failure } from '../../kit/failure.ts';
import { sampleLock } from './sample-lock.ts';

const DEBIAN = 'mirror.invalid_debian_dists_trixie';
const SECURITY = 'mirror.invalid_debian-security_dists_trixie-security';
const RASPBERRY_PI = 'archive.invalid_debian_dists_bookworm';
const OTHER = 'shop.invalid_apt_dists_stable';

/** Package lists in the form that apt keeps. */
const LISTS: Readonly<Record<string, string>> = {
  [`${DEBIAN}_InRelease`]: '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: Debian\n',
  [`${DEBIAN}_main_binary-arm64_Packages`]: list(['curl', '8.14.1-2'], ['busybox', '1:1.37.0-6+b9']),
  [`${DEBIAN}_contrib_binary-arm64_Packages`]: list(['firmware-b43-installer', '1:019-14']),
  [`${DEBIAN}_non-free_binary-arm64_Packages`]: list(['rar', '2:7.01-1'], ['firmware-realtek', '1']),
  [`${DEBIAN}_non-free-firmware_binary-arm64_Packages`]: list(['raspi-firmware', '1.20240424+ds-6'], ['intel-microcode', '3.2']),
  [`${SECURITY}_InRelease`]: 'Origin: Debian\nLabel: Debian-Security\nComponents: updates/main\n',
  [`${SECURITY}_main_binary-arm64_Packages`]: list(['curl', '8.14.1-2+deb13u1']),
  [`${RASPBERRY_PI}_InRelease`]: 'Origin: Raspberry Pi Foundation\n',
  [`${RASPBERRY_PI}_main_binary-arm64_Packages`]: list(['raspi-config', '20250101'], ['raspi-firmware', '1:1.2025'], ['wolfram-engine', '14']),
  [`${OTHER}_InRelease`]: 'Origin: Shop\n',
  [`${OTHER}_main_binary-arm64_Packages`]: list(['shop', '1']),
};

function list(...packages: readonly (readonly [string, string])[]): string {
  return packages.map(([name, version]) => `Package: ${name}\nVersion: ${version}\nArchitecture: arm64\nFilename: pool/x\n\n`).join('');
}

function installed(name: string, version: string, section = 'utils'): InstalledPackage {
  return { name, version, architecture: 'arm64', source: { name, version }, section, maintainer: undefined, depends: [], provides: [] };
}

let folder: string;
const pooled: PooledFile[] = Object.keys(LISTS).map((name) => ({ name, sha256: '00'.repeat(32) }));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-unfree-'));
  await Promise.all(Object.entries(LISTS).map(([name, text]) => writeFile(join(folder, name), text)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(packages: readonly InstalledPackage[], fromImage = false) {
  const origins = await readPackageOrigins(pooled.toReversed(), packages, ({ name }) => join(folder, name));
  return findUnfree({ profile: 'maison', packages, origins, fromImage });
}

describe('findUnfree()', () => {
  it("takes what Debian's main has, security updates too", async () => {
    const packages = [installed('curl', '8.14.1-2'), installed('curl', '8.14.1-2+deb13u1'), installed('busybox', '1:1.37.0-6+b9')];
    expect(await check(packages)).toEqual({ unfree: [], exceptions: [] });
  });

  it('tells why firmware is on a card', async () => {
    const { unfree, exceptions } = await check([installed('raspi-firmware', '1.20240424+ds-6', 'non-free-firmware/misc')]);
    expect(unfree).toEqual([]);
    expect(exceptions).toEqual([{ name: 'raspi-firmware', version: '1.20240424+ds-6', reason: expect.stringContaining('no Raspberry Pi starts') }]);
  });

  it.each([
    ['firmware-b43-installer', '1:019-14', 'Debian\'s "contrib"'],
    ['rar', '2:7.01-1', 'Debian\'s "non-free"'],
    ['firmware-realtek', '1', 'Debian\'s "non-free"'],
    ['intel-microcode', '3.2', 'Debian\'s "non-free-firmware"'],
    ['shop', '1', 'the archive "Shop"'],
    ['raspi-config', '20250101', 'the archive "Raspberry Pi Foundation"'],
    ['curl', '9-home-made', 'no package list'],
  ])('names %s %s, and what to do', async (name, version, message) => {
    // Its section says it is free.
    const { unfree, exceptions } = await check([installed(name, version)]);
    expect(exceptions).toEqual([]);
    expect(unfree).toEqual([expect.objectContaining({ name, version, message: expect.stringContaining(message) })]);
    expect(unfree[0]?.hint).toContain('profiles/maison.yaml');
  });

  it("takes on Raspberry Pi OS what is Raspberry Pi's own, or of the image, and says so", async () => {
    const packages = [
      ...[installed('raspi-config', '20250101'), installed('raspi-firmware', '1:1.2025'), installed('bash', 'older')],
      ...[installed('wolfram-engine', '14', 'non-free/math'), installed('shop', '1'), installed('unrar', 'older', 'non-free/utils')],
    ];
    const { unfree, exceptions } = await check(packages, true);
    expect(exceptions.map(({ name }) => name)).toEqual(['bash', 'raspi-config', 'raspi-firmware']);
    expect(unfree.map(({ name }) => name)).toEqual(['shop', 'unrar', 'wolfram-engine']);
  });

  it('tells by the lock alone whose a package is, and of which component', async () => {
    const deb = (name: string, archive: Archive, path: string) => ({ sha256: '0'.repeat(64), name, bytes: 1, archive, path });
    const debs = [
      deb('curl_8.14.1-2_arm64.deb', 'debian', 'pool/main/c/curl/curl.deb'),
      deb('openssl_3.5-1_arm64.deb', 'security', 'pool/updates/main/o/openssl/openssl.deb'),
      deb('raspi-firmware_1%3a1.2025_arm64.deb', 'raspberrypi', 'pool/main/r/raspi-firmware/raspi-firmware.deb'),
      deb('rar_2%3a7.01-1_arm64.deb', 'debian', 'pool/non-free/r/rar/rar.deb'),
    ];
    const lock = { ...sampleLock(), lock: 2, base: { debs, lists: pooled } } as const;
    const packages = [
      installed('curl', '8.14.1-2'),
      installed('openssl', '3.5-1'),
      installed('raspi-firmware', '1:1.2025'),
      installed('rar', '2:7.01-1'),
    ];
    const origins = await readLockedOrigins(lock, packages);
    const { unfree } = findUnfree({ profile: 'maison', packages, origins, fromImage: false });
    expect(unfree.map(({ message }) => message)).toEqual([
      expect.stringContaining('"rar" 2:7.01-1 is of Debian\'s "non-free"'),
      expect.stringContaining('is of the archive "Raspberry Pi Foundation"'),
    ]);
  });

  it('says which list the cache has let go of', async () => {
    const gone = `${DEBIAN}_main_binary-arm64_Packages`;
    const read = readPackageOrigins(pooled, [], ({ name }) => join(folder, ...(name === gone ? ['nowhere'] : []), name));
    await expect(read).rejects.toThrow(Failure);
    await expect(read).rejects.toThrow(gone);
  });
});
