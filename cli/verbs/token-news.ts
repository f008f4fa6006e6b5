import { existsSync } from 'node:fs';
import { describeToken, type HasCalled, judgeTokens, readTokens, type Token, type TokenNews } from '../../builder/seed/token-life.ts';
import type { LoadedWorkspace } from '../../builder/workspace/loaded.ts';
import { databaseFile } from '../../home/store/database.ts';
import { listFleet } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import type { Session } from '../../kit/session.ts';
import { stateFolderOf } from './state-folder.ts';

/** @returns what is to be said of tokens: those that have ended, or soon will. */
export function findTokenNews({ folder }: Pick<LoadedWorkspace, 'folder'>, tokens: readonly Token[], now: Date): TokenNews[] {
  return judgeTokens(tokens, now, askHome(folder));
}

/** A word to whoever gives a client's image, page or leaflet away, where nothing new is made. */
export async function warnOfTokens({ progress }: Session, folder: string, clients: readonly string[], now: Date): Promise<void> {
  for (const one of findTokenNews({ folder }, await readTokens(folder, clients), now)) {
    progress.warn(one.is === 'ended' ? `${describeToken(one)}; a new one: semeur build ${one.client}` : describeToken(one));
  }
}

/** Home may run on this very machine; elsewhere, nobody can know here which cards have called. It is asked once, when the first answer is wanted. @param folder the workspace. */
export function askHome(folder: string): HasCalled {
  let hasCalled: HasCalled | undefined;
  return (client, generation) => {
    hasCalled ??= readCalls(stateFolderOf(folder, undefined));
    return hasCalled(client, generation);
  };
}

function readCalls(state: string): HasCalled {
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
