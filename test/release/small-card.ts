import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProfileLock } from '../../builder/profile/lock.ts';
import { runCommand } from '../../kit/command.ts';

/** dpkg's status file. One package was removed and left its settings, one is half there, one has an epoch and a source of another version. */
export const STANZAS = [
  `Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 23043
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: arm64
Multi-Arch: same
Source: glibc
Version: 2.41-12+deb13u5
Depends: libgcc-s1
Description: GNU C Library: Shared libraries
 Contains the standard libraries that are used by nearly all programs on
 the system.
 .
 Package: not-a-package
`,
  `Package: libgcc-s1
Status: install ok installed
Section: libs
Maintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>
Architecture: arm64
Source: gcc-14
Version: 14.2.0-19
Depends: gcc-14-base (= 14.2.0-19), libc6 (>= 2.35)
Description: GCC support library
`,
  `Package: gcc-14-base
Status: install ok installed
Section: libs
Maintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>
Architecture: arm64
Source: gcc-14
Version: 14.2.0-19
Description: GCC, the GNU Compiler Collection (base package)
`,
  `Package: busybox
Status: install ok installed
Section: utils
Maintainer: Debian Install System Team <debian-boot@lists.debian.org>
Architecture: arm64
Source: busybox (1:1.37.0-6)
Version: 1:1.37.0-6+b9
Provides: virtual-shell
Pre-Depends: libc6 (>= 2.38)
Description: Tiny utilities for small and embedded systems
`,
  `Package: adduser
Status: install ok unpacked
Section: admin
Maintainer: Debian Adduser Developers <adduser@packages.debian.org>
Architecture: all
Version: 3.152
Depends: passwd (>= 1:4.17.2-5), dash | virtual-shell
Description: add and remove users and groups
`,
  `Package: raspi-firmware
Status: install ok installed
Section: non-free-firmware/misc
Maintainer: pkg-raspi <pkg-raspi-maintainers@lists.alioth.debian.org>
Architecture: all
Version: 1.20240424+ds-6
Description: Raspberry Pi family GPU firmware and bootloaders
`,
  `Package: dhcpcd-base
Status: deinstall ok config-files
Section: net
Maintainer: Martin-Éric Racine <martin-eric.racine@iki.fi>
Architecture: arm64
Version: 1:10.1.0-11
Config-Version: 1:10.1.0-11
Description: DHCPv4 and DHCPv6 dual-stack client (binaries and exit hooks)
`,
];

const COPYRIGHTS: Readonly<Record<string, string>> = {
  libc6:
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: many\nLicense: LGPL-2.1+\n\nLicense: LGPL-2.1+\n Words.\n',
  'gcc-14': 'GCC is under the GPL; see /usr/share/common-licenses/GPL-3.\n',
  busybox:
    'format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nlicense: GPL-2\n\nFiles: b\nLicense: Expat or Tiny\n',
  adduser: 'Do as you like.\n',
};

export const LOCK: ProfileLock = {
  lock: 1,
  epoch: 1_763_950_335,
  toolbox: {
    lists: [{ sha256: '11'.repeat(32), name: 'mirror.invalid_debian_dists_trixie_InRelease' }],
    debs: [
      { sha256: '22'.repeat(32), name: 'mtools_4.0.48-1_amd64.deb' },
      { sha256: '33'.repeat(32), name: 'e2fsprogs_1.47.2-3+b3_amd64.deb' },
    ],
  },
  base: {
    lists: [
      { sha256: '44'.repeat(32), name: 'mirror.invalid_debian_dists_trixie_main_binary-arm64_Packages' },
      { sha256: '11'.repeat(32), name: 'mirror.invalid_debian_dists_trixie_InRelease' },
    ],
    debs: [
      { sha256: '55'.repeat(32), name: 'libc6_2.41-12+deb13u5_arm64.deb' },
      { sha256: '66'.repeat(32), name: 'raspi-firmware_1.20240424+ds-6_all.deb' },
    ],
  },
  added: { lists: [], debs: [{ sha256: '77'.repeat(32), name: 'busybox_1%3a1.37.0-6+b9_arm64.deb' }] },
  containers: [
    {
      overlay: 'notes',
      image: `registry.example:5000/racines/notes@sha256:${'99'.repeat(32)}`,
      licence: 'MIT AND BSD-3-Clause',
      blobs: [{ sha256: '99'.repeat(32), name: 'blob', kind: 'manifest', bytes: 10 }],
    },
  ],
};

/** A system as system.sh leaves it in the cache: `status` and `root.tar`, with documents shared by links. */
export async function makeSmallCard(folder: string, stanzas: readonly string[] = STANZAS, copyrights = COPYRIGHTS): Promise<string> {
  const tree = join(folder, 'tree');
  for (const [name, text] of Object.entries(copyrights)) await put(join(tree, 'usr/share/doc', name, 'copyright'), text);
  await symlink('gcc-14-base', join(tree, 'usr/share/doc/libgcc-s1'));
  await mkdir(join(tree, 'usr/share/doc/gcc-14-base'));
  await symlink('../gcc-14/copyright', join(tree, 'usr/share/doc/gcc-14-base/copyright'));
  await mkdir(join(tree, 'usr/share/doc/raspi-firmware'));
  await symlink('../raspi-firmware/copyright', join(tree, 'usr/share/doc/raspi-firmware/copyright'));
  await put(join(tree, 'usr/lib/os-release'), 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n');
  await writeFile(join(folder, 'status'), stanzas.join('\n'));
  await runCommand(['tar', '--create', '--file', join(folder, 'root.tar'), '--format', 'pax', '--directory', tree, '.']);
  return folder;
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
