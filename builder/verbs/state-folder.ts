import { join, resolve } from 'node:path';

/** Where home keeps its own. @param state --state, if given. */
export function stateFolderOf(workspace: string, state: string | undefined): string {
  return state === undefined ? join(workspace, 'home') : resolve(state);
}
