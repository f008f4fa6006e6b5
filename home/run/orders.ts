import { readdir, readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import type { Order } from '../../protocol/order.ts';
import { isVpnKey } from '../../protocol/vpn-key.ts';
import type { Log } from '../answers/home.ts';
import type { Database } from '../store/database.ts';
import { takeOrder } from '../store/orders.ts';
import type { PeerChanges } from '../store/peers.ts';

/** Milliseconds between two looks at the folder, and between two at every file in it. */
const LOOK = 2000;
const LOOK_AT_ALL = 60_000;
/** In one transaction. */
const BATCH = 500;

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const orderSchema: z.ZodType<Order> = z.strictObject({
  order: z.literal(1),
  client: name,
  hostname: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  language: z.enum(['fr', 'en']),
  profile: name,
  generation: z.int().min(1).max(999_999_999),
  publicKey: z.string().refine(isVpnKey),
  presharedKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  nurseryAddress: z
    .string()
    .regex(/^fd[0-9a-f:]{10,37}\/128$/)
    .refine((address) => isIPv6(address.replace('/128', ''))),
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
  tokenExpires: z.iso.datetime(),
  revoked: z.boolean(),
  renewed: z.literal(true).optional(),
  domains: z.array(z.string().regex(/^[a-z0-9.-]{1,253}$/)).optional(),
});

export interface OrderReader {
  /** Takes in what is new in the folder. */
  read(now: number): Promise<PeerChanges>;
}

/** Reads the operators' orders from a folder: each file once, and again when it changes. */
export function createOrderReader(folder: string, database: Database, log: Log): OrderReader {
  const seen = new Map<string, string>();
  let folderSeen = '';
  let allSeen = 0;
  return {
    async read(now) {
      const mark = await markOf(folder);
      if (mark === folderSeen && now - allSeen < LOOK_AT_ALL) return { added: [], removed: [] };
      folderSeen = '';
      const changed = await findChanged(folder, seen);
      const orders: Order[] = [];
      // One after the other: ten thousand files opened at once are more than a process may.
      for (const file of changed.keys()) {
        const text = await readText(join(folder, file), log);
        if (text === undefined) changed.delete(file);
        else orders.push(...readOrder(file, text, log));
      }
      const changes = takeOrders(database, orders, now, log);
      // Only now: what the database could not take, locked or full, is read again.
      for (const [file, ofFile] of changed) seen.set(file, ofFile);
      // A change within the same tick of the file system's clock as this look would be missed: young folders are looked at again.
      folderSeen = mark !== undefined && now - Number(mark.split(' ', 1)[0]) > LOOK ? mark : '';
      allSeen = now;
      return changes;
    },
  };
}

/** Looks again every two seconds until `signal`. */
export function watchOrders(reader: OrderReader, apply: (changes: PeerChanges) => Promise<void>, log: Log, signal: AbortSignal): void {
  let timer: NodeJS.Timeout;
  const look = async () => {
    try {
      await apply(await reader.read(Date.now()));
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'cannot read the orders');
    }
    if (!signal.aborted) timer = setTimeout(look, LOOK);
  };
  timer = setTimeout(look, LOOK);
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

/** @returns the marks of files that aren't as they were seen, by name. */
async function findChanged(folder: string, seen: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const names = await readdir(folder).catch(() => []);
  const changed = new Map<string, string>();
  for (const file of names.filter((file) => file.endsWith('.json') && !file.startsWith('.')).sort()) {
    const mark = await markOf(join(folder, file));
    if (mark !== undefined && seen.get(file) !== mark) changed.set(file, mark);
  }
  return changed;
}

async function markOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.mtimeMs} ${found.ino} ${found.size}`;
}

/** @returns undefined when it can't be read now. */
async function readText(file: string, log: Log): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    log.error({ file, err: error }, 'cannot open an order');
    return undefined;
  }
}

function readOrder(file: string, text: string, log: Log): Order[] {
  const parsed = orderSchema.safeParse(parse(text));
  if (parsed.success) return [parsed.data];
  // Which keys are wrong, never what they hold.
  log.error({ file, keys: parsed.error.issues.map(({ path }) => path.join('.')) }, 'cannot read an order');
  return [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function takeOrders(database: Database, orders: readonly Order[], now: number, log: Log): PeerChanges {
  const added = [];
  const removed = [];
  for (let first = 0; first < orders.length; first += BATCH) {
    const batch = orders.slice(first, first + BATCH);
    const changes = database.durably(() => batch.map((order) => takeOrder(database, order, now)));
    for (const [index, change] of changes.entries()) {
      const { client, generation, revoked } = batch[index] as Order;
      if (change.added.length + change.removed.length > 0) log.info({ client, generation, revoked }, 'order taken');
      added.push(...change.added);
      removed.push(...change.removed);
    }
  }
  return { added, removed };
}
