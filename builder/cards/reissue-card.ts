import { writeFileAtomically } from '../../kit/atomic-file.ts';
import type { Session } from '../../kit/session.ts';
import { type ClientKeys, reissueClientKeys } from '../seed/keys.ts';
import { writeOrders } from '../seed/order.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import type { Client } from '../workspace/schema.ts';
import { ensureSecrets } from '../workspace/secrets.ts';
import { makeClientSeed, seedFile } from './client-seeds.ts';
import { checkWorkspaceClock } from './sound-tokens.ts';

export interface ReissuedCard extends Pick<ClientKeys, 'generation' | 'tokenExpires'> {
  /** The file of the new seed. */
  readonly seed: string;
}

/** Keys, then seed, then order: cut anywhere, the same command again issues anew, and home hears of nothing that was not written. */
export async function reissueCard({ signal }: Session, workspace: LoadedWorkspace, client: Client, now: Date): Promise<ReissuedCard> {
  const { folder } = workspace;
  // Its own token is about to go: one of a clock that was ahead is mended so.
  await checkWorkspaceClock(workspace, [], now);
  await ensureSecrets(folder);
  const { generation, tokenExpires } = await reissueClientKeys(folder, client.client, now);
  const made = await makeClientSeed(workspace, client, signal, now);
  const seed = seedFile(folder, client.client);
  await writeFileAtomically(seed, made.seed, { mode: 0o600 });
  await writeOrders(workspace, [client]);
  return { generation, seed, tokenExpires };
}
