import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../session.ts';
import { hasAccelerator } from './accelerator.ts';
import { type Mirrors, sourceLines } from './apt-sources.ts';
import { ensureLists, fetchLists } from './package-lists.ts';
import { arePooled, formatPooled, hashKey, newestRelease, readPackageSet, scriptTexts } from './package-set.ts';
import { runInToolbox, withWorkFolder } from './sandbox.ts';
import { findMade, keepMade, type Stage } from './stage.ts';
import type { StageOptions } from './toolbox.ts';

const SUITE = 'trixie';

/** What every card has, whatever its services: a kernel, systemd, the network, SSH, the VPN, the metrics, and what first boot calls. */
const PACKAGES = [
  ...['linux-image-arm64', 'raspi-firmware', 'initramfs-tools', 'kmod', 'zstd', 'udev'],
  ...['systemd', 'systemd-sysv', 'systemd-timesyncd', 'systemd-resolved', 'dbus', 'libnss-myhostname'],
  ...['iproute2', 'nftables', 'wireguard-tools', 'openssh-server', 'curl', 'ca-certificates', 'prometheus-node-exporter'],
  ...['e2fsprogs', 'dosfstools', 'fdisk', 'mawk', 'tzdata'],
];

const SCRIPTS = ['debian-base.sh', 'accelerate.sh', 'unaccelerate.sh', 'settings.sh', 'scrub.sh', 'update.sh'];

export interface BaseOptions extends StageOptions {
  readonly toolbox: Stage;
  /**
   * accelerated; unaided: the same tree by the card's own programs alone, as a machine of its processor makes it, and any other for the test that
   * compares them, several times slower; plain: as mmdebstrap alone does it, with an initramfs of every driver, for `bench base`.
   * The default is what this machine can.
   */
  readonly how?: 'accelerated' | 'unaided' | 'plain';
  /** Another set than the base's own, for tests. */
  readonly packages?: readonly string[];
  /** Another suite, likewise. */
  readonly suite?: string;
}

/** The `debian-arm64` base as a tar: Debian with a kernel that runs a Pi 3 and a Pi 4 (not a Pi 5: FACTS §5). */
export async function ensureDebianBase(session: Session, options: BaseOptions): Promise<Stage> {
  const { locked, update = false, packages = PACKAGES, suite = SUITE, how = ownWay() } = options;
  const recipe = hashKey(suite, ...packages, how, ...(await scriptTexts(...SCRIPTS)));
  const found = await findMade('base', recipe, { locked, update });
  // Packages are added to a base by its own lists: one that has lost them is made anew, unless a lock says that it is the one.
  const whole = found && (locked || (await arePooled(found.set.lists)));
  return whole ? found : makeBase(session, options, recipe, packages);
}

/** Where its packages come from: lines of sources.list(5). */
export function debianSources(mirrors: Mirrors | undefined): string[] {
  return sourceLines(SUITE, mirrors);
}

function ownWay(): 'accelerated' | 'unaided' {
  return hasAccelerator() ? 'accelerated' : 'unaided';
}

async function makeBase(session: Session, options: BaseOptions, recipe: string, packages: readonly string[]): Promise<Stage> {
  const { toolbox, mirrors, locked, suite = SUITE } = options;
  const source = { toolbox, sources: sourceLines(suite, mirrors) };
  if (locked) await ensureLists(session, source, locked.lists);
  const lists = locked ?? (await fetchLists(session, source));
  return withWorkFolder(async (work) => {
    await writeFile(join(work.path, 'wanted'), formatPooled([...lists.lists, ...lists.debs]));
    const epoch = await newestRelease(lists);
    await session.progress.step('Making the Debian arm64 base', (note) => {
      const args = [options.how ?? ownWay(), `${work.inside}/base.tar`, suite, packages.join(','), ...source.sources];
      return runInToolbox(toolbox.tar, work, 'debian-base.sh', args, {
        doing: 'make the Debian arm64 base',
        signal: session.signal,
        onLine: note,
        sourceDateEpoch: epoch,
      });
    });
    const { debs } = await readPackageSet(work.path);
    const set = { lists: lists.lists, debs };
    return keepMade('base', recipe, join(work.path, 'base.tar'), { set, epoch }, locked);
  });
}
