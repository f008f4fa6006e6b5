import { resolve } from 'node:path';
import type { Session } from '../../kit/session.ts';
import { locateDebs } from '../debian/locate-debs.ts';
import { isAddress, type MorePlaces } from '../debian/package-places.ts';
import { arePooled, type PackageSet, type Pinned } from '../debian/package-set.ts';
import { fitsHost } from '../debian/toolbox.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import type { ProfileLock } from './lock.ts';

/** What a lock pins of each stage. */
export interface PinnedStages {
  /** Undefined where the lock's is for another processor. */
  readonly toolbox: Pinned | undefined;
  readonly base: Pinned;
  readonly added: PackageSet;
}

export async function pinStages({ progress }: Pick<Session, 'progress'>, profile: string, lock: ProfileLock): Promise<PinnedStages> {
  const { epoch, toolbox, base, added } = lock;
  const fits = fitsHost(toolbox);
  if (!fits) {
    progress.warn(
      `The lock of the profile "${profile}" was made on another processor: this machine's own tools make the image, and its bytes may be others`,
    );
  }
  const whole = async (set: PackageSet, lists = set.lists) => (lock.lock === 1 ? complete(set, lists) : set);
  return {
    toolbox: fits ? { set: await whole(toolbox), epoch } : undefined,
    base: { set: await whole(base), epoch },
    added: await whole(added, base.lists),
  };
}

/** A lock of version 1 doesn't say where packages lie, nor what the archive says of them: its lists do, where the pool still has them. */
async function complete(set: PackageSet, lists: PackageSet['lists'] = []): Promise<PackageSet> {
  return lists.length > 0 && (await arePooled(lists)) ? { ...set, debs: await locateDebs(lists, set.debs) } : set;
}

/** Where a workspace lets packages be sought besides a mirror. */
export function morePlaces({ folder, operator }: LoadedWorkspace, profile: string): MorePlaces {
  const release = operator.pool === undefined || isAddress(operator.pool) ? operator.pool : resolve(folder, operator.pool);
  return { release, snapshot: operator.snapshot, renew: `semeur profile build ${profile} --update` };
}
