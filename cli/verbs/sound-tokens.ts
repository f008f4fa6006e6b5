import { existsSync } from 'node:fs';
import { readLock } from '../../builder/profile/lock.ts';
import {
  dateTokens,
  describeToken,
  type HasCalled,
  judgeTokens,
  readTokens,
  renewTokens,
  type Token,
  type TokenNews,
} from '../../builder/seed/token-life.ts';
import type { LoadedWorkspace } from '../../builder/workspace/loaded.ts';
import { databaseFile } from '../../home/store/database.ts';
import { listFleet } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { checkClock, type Dated } from '../../kit/clock.ts';
import type { Session } from '../../kit/session.ts';
import { stateFolderOf } from './state-folder.ts';

/** Before anything is made for these clients. @throws {Failure} where this machine's clock can't be right. */
export async function checkWorkspaceClock(workspace: LoadedWorkspace, tokens: readonly Token[], now: Date): Promise<void> {
  checkClock(now, [...(await dateLocks(workspace)), ...dateTokens(tokens)]);
}

/** @returns what is to be said of tokens: those that have ended, or soon will. */
export function findTokenNews({ folder }: Pick<LoadedWorkspace, 'folder'>, tokens: readonly Token[], now: Date): TokenNews[] {
  return judgeTokens(tokens, now, askHome(folder));
}

/** Renews those that have ended, and tells of all that need a word. */
export async function refreshTokens({ progress }: Session, { folder }: LoadedWorkspace, clients: readonly string[], now: Date): Promise<void> {
  const news = judgeTokens(await readTokens(folder, clients), now, askHome(folder));
  for (const one of await renewTokens(folder, news, now)) progress.warn(describeToken(one));
}

/** A word to whoever gives a client's image, page or leaflet away, where nothing new is made. */
export async function warnOfTokens({ progress }: Session, folder: string, clients: readonly string[], now: Date): Promise<void> {
  for (const one of findTokenNews({ folder }, await readTokens(folder, clients), now)) {
    progress.warn(one.is === 'ended' ? `${describeToken(one)}; a new one: semeur build ${one.client}` : describeToken(one));
  }
}

/** A lock is of the day of the archive that it was made from. One that is damaged is told of where it is used. */
async function dateLocks({ folder, profiles }: LoadedWorkspace): Promise<Dated[]> {
  const locks = await Promise.all([...profiles.keys()].map(async (name) => [name, await readLock(folder, name).catch(() => undefined)] as const));
  return locks.flatMap(([name, lock]) => (lock ? [{ what: `the lock of the profile "${name}"`, date: lock.epoch * 1000 }] : []));
}

/** Home may run on this very machine; elsewhere, nobody can know here which cards have called. */
function askHome(folder: string): HasCalled {
  const state = stateFolderOf(folder, undefined);
  if (!existsSync(databaseFile(state))) return () => false;
  try {
    const cards = new Map(withFleet(state, (database) => listFleet(database, Date.now())).map((card) => [card.client, card]));
    return (client, generation) => {
      const card = cards.get(client);
      return card !== undefined && card.state !== 'ordered' && card.generation >= generation;
    };
  } catch {
    // It may be root's alone.
    return () => false;
  }
}
