import { checkClock, type Dated } from '../../kit/clock.ts';
import type { Session } from '../../kit/session.ts';
import { readLock } from '../profile/lock.ts';
import { dateTokens, describeToken, type HasCalled, judgeTokens, readTokens, renewTokens, type Token } from '../seed/token-life.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';

/** What is issued depends on the day, and on what home knows: the builder itself has no home to ask. */
export interface Issuing {
  readonly hasCalled: HasCalled;
  readonly now: Date;
}

/** Before anything is made for these clients. @throws {Failure} where this machine's clock can't be right. */
export async function checkWorkspaceClock(workspace: LoadedWorkspace, tokens: readonly Token[], now: Date): Promise<void> {
  checkClock(now, [...(await dateLocks(workspace)), ...dateTokens(tokens)]);
}

/** Renews those that have ended, and tells of all that need a word. */
export async function refreshTokens(
  { progress }: Session,
  { folder }: LoadedWorkspace,
  clients: readonly string[],
  { hasCalled, now }: Issuing,
): Promise<void> {
  const news = judgeTokens(await readTokens(folder, clients), now, hasCalled);
  for (const one of await renewTokens(folder, news, now)) progress.warn(describeToken(one));
}

/** A lock is of the day of the archive that it was made from. One that is damaged is told of where it is used. */
async function dateLocks({ folder, profiles }: LoadedWorkspace): Promise<Dated[]> {
  const locks = await Promise.all([...profiles.keys()].map(async (name) => [name, await readLock(folder, name).catch(() => undefined)] as const));
  return locks.flatMap(([name, lock]) => (lock ? [{ what: `the lock of the profile "${name}"`, date: lock.epoch * 1000 }] : []));
}
