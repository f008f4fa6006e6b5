import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { nurseryAddress } from '../../protocol/addresses.ts';
import { type Order, orderFile, renderOrder } from '../../protocol/order.ts';
import { listDomains } from '../workspace/domains.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import { ABOUT, type Client, type Operator } from '../workspace/schema.ts';
import { readUserCa } from '../workspace/secrets.ts';
import type { ClientKeys } from './keys.ts';
import { ensurePeople } from './named-people.ts';

/** Tells home of these clients, in out/orders/, and the operator what goes on their leaflet: out/NAME.code and out/NAME.account. What already says so is left as it is. */
export async function writeOrders(workspace: LoadedWorkspace, clients: readonly Client[]): Promise<Order[]> {
  const { folder, operator, overlays } = workspace;
  const orders: Order[] = [];
  for (const client of clients) {
    const { keys, people } = await ensurePeople(workspace, client);
    const order = makeOrder(client, operator, keys, overlays);
    await writeIfNew(join(ordersFolder(folder), orderFile(client.client)), renderOrder(order));
    await writeIfNew(join(folder, 'out', `${client.client}.code`), `${keys.code.text}\n`);
    await writeIfNew(join(folder, 'out', `${client.client}.account`), renderAccount(client.client, keys, people));
    orders.push(order);
  }
  await writeIfNew(join(ordersFolder(folder), 'user-ca.pub'), `${await readUserCa(folder)}\n`);
  return orders;
}

export function ordersFolder(workspace: string): string {
  return join(workspace, 'out', 'orders');
}

export function makeOrder(client: Client, operator: Operator, keys: ClientKeys, overlays: LoadedWorkspace['overlays']): Order {
  const { hostname, language, profile } = client;
  const about = ABOUT.flatMap((key) => (client[key] === undefined ? [] : [[key, client[key]] as const]));
  const domains = listDomains(client.settings, (service) => overlays.get(service)?.settings).map(({ domain }) => domain);
  return {
    order: 1,
    client: client.client,
    hostname,
    language,
    profile,
    generation: keys.generation,
    publicKey: keys.vpn.publicKey,
    presharedKey: keys.presharedKey,
    nurseryAddress: nurseryAddress(operator.vpn.prefix, keys.vpn.publicKey),
    tokenSha256: createHash('sha256').update(keys.token).digest('hex'),
    tokenExpires: keys.tokenExpires,
    revoked: keys.revoked === true,
    // They are left out where there is nothing to say: the first home takes such an order too.
    ...(keys.renewed ? { renewed: true } : {}),
    ...(domains.length > 0 ? { domains } : {}),
    ...(about.length > 1 ? { about: Object.fromEntries(about) } : {}),
  };
}

type People = Awaited<ReturnType<typeof ensurePeople>>['people'];

function renderAccount(client: string, { account, backupKey }: ClientKeys, people: People): string {
  const lines = people.flatMap(({ id, name, password }) => [`${id}-name ${name}`, `${id}-password ${password}`]);
  return [`name ${client}`, `password ${account.password}`, ...lines, `backup-key ${backupKey}`, ''].join('\n');
}

async function writeIfNew(file: string, content: string): Promise<void> {
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before !== content) await writeFileAtomically(file, content, { mode: 0o600 });
}
