import { type ClientKeys, revokeClientKeys } from '../seed/keys.ts';
import { writeOrders } from '../seed/order.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import type { Client } from '../workspace/schema.ts';

/** @returns the last generation that is good for nothing any more. */
export async function revokeCard(workspace: LoadedWorkspace, client: Client): Promise<Pick<ClientKeys, 'generation'>> {
  const { generation } = await revokeClientKeys(workspace.folder, client.client);
  await writeOrders(workspace, [client]);
  return { generation };
}
