import { hostMirrors, type Mirrors } from '../base/apt-sources.ts';
import { debianSources, ensureDebianBase } from '../base/debian.ts';
import { ensureOsImage, type OsImageLock } from '../base/os-image.ts';
import { ensureRaspiosBase } from '../base/raspios.ts';
import { raspiosSources } from '../base/raspios-sources.ts';
import type { Stage } from '../base/stage.ts';
import { ensureToolbox } from '../base/toolbox.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import { ensureContainers, type LaidContainer } from './containers.ts';
import { overlaysOf } from './contents.ts';
import { keepLock, lockFile, type ProfileLock, pinsBase, readLock } from './lock.ts';
import { raspiosSource } from './raspios.ts';
import { ensureSystem, type System } from './system.ts';

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
}

/** Makes what the cache lacks, from what the profile's lock pins; keeps a lock where there was none. */
export async function ensureStages(session: Session, workspace: LoadedWorkspace, profile: Profile, options: LockOptions): Promise<Stages> {
  const { update = false, locked = false } = options;
  const before = await readLock(workspace.folder, profile.profile);
  if (locked && !before) throw noLock(workspace.folder, profile.profile);
  const lock = update || !before || !pinsBase(before, profile) ? undefined : before;
  // First: a registry that can't be reached is told before minutes of work.
  const containers = await ensureContainers(session, workspace, overlaysOf(workspace, profile));
  const host = await hostMirrors();
  const mirrors = workspace.operator.mirror === undefined ? host : { archive: workspace.operator.mirror, security: undefined };
  const toolbox = await ensureToolbox(session, { mirrors, update, locked: lock?.toolbox });
  const made = { toolbox, mirrors, lock, update };
  const isDebian = profile.base === 'debian-arm64';
  const { base, sources, image } = await (isDebian ? makeDebianBase(session, made) : makeRaspiosBase(session, workspace, profile, made));
  const system = await ensureSystem(session, { toolbox, base, sources, packages: packagesOf(workspace, profile), locked: lock?.added });
  const archives = isDebian ? (archivesOf(workspace) ?? before?.archives ?? host ?? mirrors) : undefined;
  const pinned = { toolbox: toolbox.set, base: base.set, added: system.added, containers: containers.map((container) => container.lock) };
  const after = { lock: 1, epoch: base.epoch, image, archives, ...pinned } as const;
  await keepLock(workspace.folder, profile.profile, before, after, locked);
  return { toolbox, base, system, containers, cardSources: archives && debianSources(archives) };
}

interface BaseOptions {
  readonly toolbox: Stage;
  readonly mirrors: Mirrors | undefined;
  readonly lock: ProfileLock | undefined;
  readonly update: boolean;
}

interface Base {
  readonly base: Stage;
  readonly sources: readonly string[];
  readonly image?: OsImageLock;
}

async function makeDebianBase(session: Session, { lock, ...options }: BaseOptions): Promise<Base> {
  if (!options.mirrors) throw noMirror();
  return { base: await ensureDebianBase(session, { ...options, locked: lock?.base }), sources: debianSources(options.mirrors) };
}

async function makeRaspiosBase(session: Session, workspace: LoadedWorkspace, profile: Profile, options: BaseOptions): Promise<Base> {
  const { toolbox, mirrors, lock, update } = options;
  const { folder, operator } = workspace;
  const { suite, release, image: file } = profile.raspios ?? {};
  const choice = { locked: lock?.image, suite, release, file };
  const found = await ensureOsImage(session, choice, { source: raspiosSource(folder, operator), folder });
  const sources = await raspiosSources(found, { mirrors, archive: operator.raspios?.archive });
  const base = await ensureRaspiosBase(session, { toolbox, image: found, sources, locked: lock?.base, update });
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
