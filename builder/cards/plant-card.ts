import type { Session } from '../../kit/session.ts';
import { writeOrders } from '../seed/order.ts';
import { readTokens } from '../seed/token-life.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import type { Client } from '../workspace/schema.ts';
import { ensureSecrets } from '../workspace/secrets.ts';
import { makeClientSeed } from './client-seeds.ts';
import { type PlantedAt, plantSeed } from './plant-seed.ts';
import { checkWorkspaceClock, type Issuing, refreshTokens } from './sound-tokens.ts';

/** Makes a client's seed and writes it to a card, or an image of its profile. @returns where on it. */
export async function plantCard(session: Session, workspace: LoadedWorkspace, client: Client, target: string, issuing: Issuing): Promise<PlantedAt> {
  const names = [client.client];
  await checkWorkspaceClock(workspace, await readTokens(workspace.folder, names), issuing.now);
  await ensureSecrets(workspace.folder);
  await refreshTokens(session, workspace, names, issuing);
  const { seed } = await makeClientSeed(workspace, client, session.signal, issuing.now);
  await writeOrders(workspace, [client]);
  return plantSeed(target, seed, client.profile);
}
