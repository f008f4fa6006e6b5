import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../session.ts';
import { sourceLines } from './apt-sources.ts';
import { formatPooled, hashKey, newestRelease, type PackageSet, scriptTexts } from './package-set.ts';
import { runInToolbox, type WorkFolder, withWorkFolder } from './sandbox.ts';
import { findLatest, findStage, keepStage, rememberLatest, type Stage } from './stage.ts';
import { lockedKey, readPackageSet, type StageOptions } from './toolbox.ts';

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
   * accelerated (the default); emulated: the same tree, several times slower, for the test that compares them;
   * plain: as mmdebstrap alone does it, with an initramfs of every driver, for `bench base`.
   */
  readonly how?: 'accelerated' | 'emulated' | 'plain';
  /** Another set than the base's own, for tests. */
  readonly packages?: readonly string[];
}

/** The `debian-arm64` base as a tar: Debian with a kernel that runs a Pi 3 and a Pi 4 (not a Pi 5: FACTS §5). */
export async function ensureDebianBase(session: Session, options: BaseOptions): Promise<Stage> {
  const { locked, update = false, packages = PACKAGES, how = 'accelerated' } = options;
  const recipe = hashKey(SUITE, ...packages, how, ...(await scriptTexts(...SCRIPTS)));
  const found = locked ? await findStage('base', lockedKey(recipe, locked)) : update ? undefined : await findLatest('base', recipe);
  return found ?? makeBase(session, options, recipe, packages);
}

async function makeBase(session: Session, options: BaseOptions, recipe: string, packages: readonly string[]): Promise<Stage> {
  return withWorkFolder(async (work) => {
    const lists = options.locked ?? (await fetchLists(session, options, work));
    await writeFile(join(work.path, 'wanted'), formatPooled([...lists.lists, ...lists.debs]));
    const epoch = await newestRelease(lists);
    await session.progress.step('Making the Debian arm64 base', (note) => {
      const sources = sourceLines(SUITE, options.mirrors);
      const args = [options.how ?? 'accelerated', `${work.inside}/base.tar`, SUITE, packages.join(','), ...sources];
      return runInToolbox(options.toolbox.tar, work, 'debian-base.sh', args, {
        signal: session.signal,
        onLine: note,
        sourceDateEpoch: epoch,
      });
    });
    const { debs } = await readPackageSet(work.path);
    const set = { lists: lists.lists, debs };
    const stage = await keepStage('base', lockedKey(recipe, set), join(work.path, 'base.tar'), { set, epoch });
    if (!options.locked) await rememberLatest('base', recipe, stage);
    return stage;
  });
}

/** The mirror's signed package lists, now in the pool. */
async function fetchLists(session: Session, { toolbox, mirrors }: BaseOptions, work: WorkFolder): Promise<PackageSet> {
  return session.progress.step('Fetching the package lists', async (note) => {
    await runInToolbox(toolbox.tar, work, 'update.sh', ['arm64', ...sourceLines(SUITE, mirrors)], { signal: session.signal, onLine: note });
    const { lists } = await readPackageSet(work.path);
    return { lists, debs: [] };
  });
}
