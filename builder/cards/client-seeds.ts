import { join } from 'node:path';
import { overlaysOf } from '../profile/contents.ts';
import { type MadeSeed, makeSeeds } from '../seed/make.ts';
import { findProfile } from '../workspace/find-named.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import type { Client } from '../workspace/schema.ts';

/** Where a client's last seed lies. */
export function seedFile(workspace: string, client: string): string {
  return join(workspace, 'out', `${client}.seed`);
}

/** Makes the seeds of these clients, each with the services of its profile; home is told of them by writeOrders(). */
export async function makeClientSeeds(workspace: LoadedWorkspace, clients: readonly Client[], signal: AbortSignal, now: Date): Promise<MadeSeed[]> {
  const plans = clients.map((client) => ({
    client,
    services: overlaysOf(workspace, findProfile(workspace, client.profile)).map(({ overlay }) => overlay),
    previous: seedFile(workspace.folder, client.client),
  }));
  return makeSeeds(workspace, plans, signal, now);
}

export async function makeClientSeed(workspace: LoadedWorkspace, client: Client, signal: AbortSignal, now: Date): Promise<MadeSeed> {
  const [made] = await makeClientSeeds(workspace, [client], signal, now);
  if (!made) throw new Error('no seed was made');
  return made;
}
