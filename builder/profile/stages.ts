import { hostMirrors, type Mirrors } from '../base/apt-sources.ts';
import { ensureDebianBase } from '../base/debian.ts';
import type { Stage } from '../base/stage.ts';
import { ensureToolbox } from '../base/toolbox.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import { overlaysOf } from './contents.ts';
import { keepLock, lockFile, readLock } from './lock.ts';
import { ensureSystem, type System } from './system.ts';

export interface LockOptions {
  /** Take the newest packages, and renew the lock. */
  readonly update?: boolean;
  /** Fail if the lock would change. */
  readonly locked?: boolean;
}

/** Everything that is made from Debian's packages, in the order in which each needs the one before. */
export interface Stages {
  readonly toolbox: Stage;
  readonly base: Stage;
  readonly system: System;
}

/** Makes what the cache lacks, from what the profile's lock pins; keeps a lock where there was none. */
export async function ensureStages(session: Session, workspace: LoadedWorkspace, profile: Profile, options: LockOptions): Promise<Stages> {
  const { update = false, locked = false } = options;
  const before = await readLock(workspace.folder, profile.profile);
  if (locked && !before) throw noLock(workspace.folder, profile.profile);
  const lock = update ? undefined : before;
  const mirrors = await findMirrors(workspace);
  const toolbox = await ensureToolbox(session, { mirrors, update, locked: lock?.toolbox });
  const base = await ensureDebianBase(session, { mirrors, update, toolbox, locked: lock?.base });
  const system = await ensureSystem(session, { toolbox, base, mirrors, packages: packagesOf(workspace, profile), locked: lock?.added });
  const after = { lock: 1, epoch: base.epoch, toolbox: toolbox.set, base: base.set, added: system.added } as const;
  await keepLock(workspace.folder, profile.profile, before, after, locked);
  return { toolbox, base, system };
}

function noLock(workspace: string, profile: string): Failure {
  return new Failure(`Cannot build the profile "${profile}" as locked: there is no "${lockFile(workspace, profile)}"`, {
    hint: `Run "semeur profile build ${profile}" once, and commit the lock that it writes`,
  });
}

async function findMirrors({ operator }: LoadedWorkspace): Promise<Mirrors | undefined> {
  return operator.mirror === undefined ? hostMirrors() : { archive: operator.mirror, security: undefined };
}

function packagesOf(workspace: LoadedWorkspace, profile: Profile): string[] {
  return [...new Set([...profile.packages, ...overlaysOf(workspace, profile).flatMap(({ packages }) => packages)])].sort();
}
