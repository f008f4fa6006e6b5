import type { Finding } from './finding.ts';
import type { LoadedWorkspace } from './loaded.ts';

export type { Finding } from './finding.ts';
export type { LoadedOverlay, LoadedWorkspace } from './loaded.ts';

/** @throws {Failure} that lists every error of the workspace. */
export async function loadWorkspace(folder: string): Promise<LoadedWorkspace> {
  const { workspace } = await readWorkspace(folder);
  if (!workspace) throw new Error('not here yet');
  return workspace;
}

export async function readWorkspace(_folder: string): Promise<{ workspace: LoadedWorkspace | undefined; findings: Finding[] }> {
  throw new Error('not here yet');
}
