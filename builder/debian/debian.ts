import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import type { DebianPlatform } from '../platform/platform.ts';
import { hasAccelerator } from '../sandbox/accelerator.ts';
import { runInToolbox, scriptTexts, withWorkFolder } from '../sandbox/sandbox.ts';
import { type Mirrors, sourceLines } from './apt-sources.ts';
import { ensureDebs } from './ensure-debs.ts';
import { chooseDebs, fetchLists, type ListSource } from './package-lists.ts';
import { type Deb, formatDebs, hashKey, newestRelease, type PooledFile, parseDebName, readInstalled } from './package-set.ts';
import { findMade, keepMade, type Stage } from './stage.ts';
import type { StageOptions } from './toolbox.ts';

const SUITE = 'trixie';

/** What every card has besides what starts it, whatever its services: systemd, the network, SSH, the VPN, the metrics, and what first boot calls. */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'systemd-timesyncd', 'systemd-resolved', 'dbus', 'libnss-myhostname'],
  ...['iproute2', 'nftables', 'wireguard-tools', 'openssh-server', 'curl', 'ca-certificates', 'prometheus-node-exporter'],
  ...['e2fsprogs', 'dosfstools', 'fdisk', 'mawk', 'tzdata'],
];

const SCRIPTS = ['debian-base.sh', 'accelerate.sh', 'unaccelerate.sh', 'settings.sh', 'scrub.sh', 'pool.sh'];

export interface BaseOptions extends StageOptions {
  readonly platform: DebianPlatform;
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

/** A base as a tar: Debian, with a kernel that runs the platform's boards. */
export async function ensureDebianBase(session: Session, options: BaseOptions): Promise<Stage> {
  const { platform, locked, update = false, suite = SUITE, how = ownWay(platform) } = options;
  const { packages = [...platform.bootPackages, ...PACKAGES] } = options;
  const recipe = hashKey(suite, ...packages, how, ...(await scriptTexts(...SCRIPTS)));
  return (await findMade('base', recipe, { locked, update })) ?? makeBase(session, options, recipe, packages);
}

/** Where its packages come from: lines of sources.list(5). */
export function debianSources(mirrors: Mirrors | undefined): string[] {
  return sourceLines(SUITE, mirrors);
}

function ownWay({ architecture }: DebianPlatform): 'accelerated' | 'unaided' {
  return hasAccelerator(architecture) ? 'accelerated' : 'unaided';
}

async function makeBase(session: Session, options: BaseOptions, recipe: string, packages: readonly string[]): Promise<Stage> {
  const { platform, toolbox, mirrors, more, locked, suite = SUITE } = options;
  const { architecture } = platform;
  const source = { toolbox, architecture, sources: sourceLines(suite, mirrors) };
  const { debs, epoch, lists } = locked ? { ...locked.set, epoch: locked.epoch, lists: [] } : await chooseNewest(session, source, suite, packages);
  await ensureDebs(session, debs, { ...more, sources: source.sources }, { epoch });
  return withWorkFolder(async (work) => {
    await writeFile(join(work.path, 'wanted'), formatDebs(debs));
    await session.progress.step(`Making the Debian ${architecture.name} base`, (note) => {
      const args = [options.how ?? ownWay(platform), `${work.inside}/base.tar`, suite, packages.join(',')];
      return runInToolbox(toolbox.tar, work, 'debian-base.sh', args, {
        doing: `make the Debian ${architecture.name} base`,
        signal: session.signal,
        onLine: note,
        sourceDateEpoch: epoch,
      });
    });
    const set = { debs: await readInstalled(work.path, debs) };
    if (locked && set.debs.length < debs.length) throw notAsLocked(debs, set.debs);
    return keepMade('base', recipe, join(work.path, 'base.tar'), { set, epoch, lists }, locked);
  });
}

/** What mmdebstrap would take for a "minbase" with these packages. */
async function chooseNewest(
  session: Session,
  source: ListSource,
  suite: string,
  packages: readonly string[],
): Promise<{ debs: Deb[]; epoch: number; lists: PooledFile[] }> {
  const { lists } = await fetchLists(session, source);
  const minbase = ['?essential', '?priority(required)'].map(
    (what) => `?narrow(?or(?archive(^${suite}$),?codename(^${suite}$)),?architecture(${source.architecture.name}),${what})`,
  );
  const debs = await chooseDebs(session, source, { lists, packages: [...minbase, 'apt', ...packages] });
  return { debs, epoch: await newestRelease(lists), lists };
}

/** Better none than one that lacks something: without the archive's word for it, a package that is there for its priority alone isn't taken. */
function notAsLocked(debs: readonly Deb[], installed: readonly Deb[]): Failure {
  const missing = debs.filter((deb) => !installed.includes(deb)).map(({ name }) => parseDebName(name).name);
  return new Failure(`Cannot make the base that the lock pins: nothing asks for ${missing.join(', ')}`, {
    hint: 'The lock is of another version of Semeur: make it anew with "semeur profile build PROFILE --update"',
  });
}
