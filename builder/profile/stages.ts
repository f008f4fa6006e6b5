import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { hostMirrors, type Mirrors } from '../debian/apt-sources.ts';
import { debianSources, ensureDebianBase } from '../debian/debian.ts';
import type { Places } from '../debian/package-places.ts';
import type { Stage } from '../debian/stage.ts';
import { ensureToolbox, type StageOptions } from '../debian/toolbox.ts';
import type { DebianPlatform, ImagePlatform } from '../platform/platform.ts';
import { platformOf } from '../platform/platforms.ts';
import { ensureOsImage, type OsImageLock } from '../raspios/os-image.ts';
import { ensureRaspiosBase } from '../raspios/raspios.ts';
import { raspiosSources } from '../raspios/raspios-sources.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import { ensureContainers, type LaidContainer } from './containers.ts';
import { overlaysOf } from './contents.ts';
import { keepLock, lockFile, pinsBase, readLock, wouldChange } from './lock.ts';
import { morePlaces, pinStages } from './pinned-stages.ts';
import { raspiosSource } from './raspios.ts';
import { ensureSystem, holdsPackages, type System } from './system.ts';

export interface LockOptions {
  /** Take the newest packages, and renew the lock. */
  readonly update?: boolean;
  /** Fail if the lock would change. */
  readonly locked?: boolean;
}

/** Everything that is fetched: what is made from Debian's packages, in the order in which each needs the one before, and container apps. */
export interface Stages {
  readonly toolbox: Stage;
  readonly base: Stage;
  readonly system: System;
  /** What cards ask for packages: lines of sources.list(5). Undefined where an image says it by itself. */
  readonly cardSources: readonly string[] | undefined;
  readonly containers: readonly LaidContainer[];
  /** Where packages are sought. */
  readonly places: Places;
}

/** Makes what the cache lacks, from what the profile's lock pins; keeps a lock where there was none. */
export async function ensureStages(session: Session, workspace: LoadedWorkspace, profile: Profile, options: LockOptions): Promise<Stages> {
  const { update = false, locked = false } = options;
  const { folder, operator } = workspace;
  const before = await readLock(folder, profile.profile);
  if (locked && !before) throw noLock(folder, profile.profile);
  const lock = update || !before || !pinsBase(before, profile) ? undefined : before;
  // First: a registry that can't be reached is told before minutes of work.
  const platform = platformOf(profile.base);
  const { architecture } = platform;
  const containers = await ensureContainers(session, workspace, overlaysOf(workspace, profile), architecture);
  const host = await hostMirrors();
  const mirrors = operator.mirror === undefined ? host : { archive: operator.mirror, security: undefined };
  const more = morePlaces(workspace, profile.profile);
  const pins = lock && (await pinStages(session, profile.profile, lock));
  const toolbox = await ensureToolbox(session, { mirrors, more, update, locked: pins?.toolbox });
  const made = { toolbox, mirrors, more, image: lock?.image, locked: pins?.base, update };
  const isDebian = platform.origin === 'packages';
  const { base, sources, image } = await (isDebian
    ? makeDebianBase(session, platform, made)
    : makeRaspiosBase(session, workspace, profile, platform, made));
  const packages = packagesOf(workspace, profile);
  // Before a mirror is asked for what would be refused in the end.
  const isPinned = pins !== undefined && holdsPackages(pins.added, base, packages);
  if (locked && !isPinned) throw wouldChange(folder, profile.profile);
  if (!isPinned && sources.length === 0) throw noMirror();
  const system = await ensureSystem(session, { architecture, toolbox, base, sources, more, packages, locked: pins?.added });
  const archives = isDebian ? (archivesOf(workspace) ?? before?.archives ?? host ?? mirrors) : undefined;
  const tools = pins && !pins.toolbox ? lock?.toolbox : toolbox.set;
  const pinned = { toolbox: tools ?? toolbox.set, base: base.set, added: system.added, containers: containers.map((container) => container.lock) };
  const after = { lock: 2, epoch: base.epoch, image, archives, ...pinned } as const;
  await keepLock(folder, profile.profile, before, after, locked);
  return { toolbox, base, system, containers, cardSources: archives && debianSources(archives), places: { ...more, sources } };
}

interface BaseOptions extends StageOptions {
  readonly toolbox: Stage;
  /** What the lock names. */
  readonly image: OsImageLock | undefined;
}

interface Base {
  readonly base: Stage;
  readonly sources: readonly string[];
  readonly image?: OsImageLock;
}

async function makeDebianBase(session: Session, platform: DebianPlatform, options: BaseOptions): Promise<Base> {
  // By a lock, the cache may have it all.
  if (!options.mirrors && !options.locked) throw noMirror();
  return { base: await ensureDebianBase(session, { ...options, platform }), sources: debianSources(options.mirrors) };
}

async function makeRaspiosBase(
  session: Session,
  workspace: LoadedWorkspace,
  profile: Profile,
  { architecture }: ImagePlatform,
  options: BaseOptions,
): Promise<Base> {
  const { mirrors, image: pinned, ...stage } = options;
  const { folder, operator } = workspace;
  const { suite, release, image: file } = profile.raspios ?? {};
  const choice = { locked: pinned, suite, release, file };
  const found = await ensureOsImage(session, choice, { source: raspiosSource(folder, operator), folder });
  const sources = await raspiosSources(found, { mirrors, archive: operator.raspios?.archive });
  const base = await ensureRaspiosBase(session, { ...stage, architecture, image: found, sources });
  // Where it lies in this machine's cache is nobody else's business.
  const { raw: _, ...image } = found;
  return { base, sources, image };
}

function noLock(workspace: string, profile: string): Failure {
  return new Failure(`Cannot build the profile "${profile}" as locked: there is no "${lockFile(workspace, profile)}"`, {
    hint: `Run "semeur profile build ${profile}" once, and commit the lock that it writes`,
  });
}

function noMirror(): Failure {
  return new Failure("Cannot tell where Debian's packages come from: this machine is no Debian, or its apt names no mirror", {
    hint: 'Name one in semeur.yaml: "mirror: https://…/debian"',
  });
}

function archivesOf({ operator: { archives } }: LoadedWorkspace): Mirrors | undefined {
  return archives && { archive: archives.debian, security: archives.security };
}

function packagesOf(workspace: LoadedWorkspace, profile: Profile): string[] {
  return [...new Set([...profile.packages, ...overlaysOf(workspace, profile).flatMap(({ packages }) => packages)])].sort();
}
