import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Order, parseOrder } from '../../protocol/order.ts';
import type { Log } from '../answers/home.ts';
import type { Database } from '../store/database.ts';
import { type BadOrder, noteBadOrders, takeOrder } from '../store/orders.ts';
import type { PeerChanges } from '../store/peers.ts';

/** Milliseconds between two looks at the folder, and between two at every file in it. */
const LOOK = 2000;
const LOOK_AT_ALL = 60_000;
/** In one transaction. */
const BATCH = 500;

/** What a look at the folder found. */
interface Found {
  readonly orders: Order[];
  readonly bad: BadOrder[];
  /** Keys that this home doesn't know: the first file that has it, and how many do. */
  readonly unknown: Map<string, { readonly first: string; readonly files: number }>;
}

export interface OrderReader {
  /** Takes in what is new in the folder. */
  read(now: number): Promise<PeerChanges>;
}

/** Reads the operators' orders from a folder: each file once, and again when it changes. */
export function createOrderReader(folder: string, database: Database, log: Log): OrderReader {
  const seen = new Map<string, string>();
  const unopened = new Map<string, string>();
  let folderSeen = '';
  let allSeen = 0;
  return {
    async read(now) {
      const mark = await markOf(folder);
      if (mark === folderSeen && now - allSeen < LOOK_AT_ALL) return { added: [], removed: [] };
      folderSeen = '';
      const changed = await findChanged(folder, seen);
      const found: Found = { orders: [], bad: [], unknown: new Map() };
      // One after the other: ten thousand files opened at once are more than a process may.
      for (const [file, ofFile] of changed) {
        const text = await readText(join(folder, file), log);
        if (text !== undefined) readOrder(found, file, text, log);
        else {
          changed.delete(file);
          // It is tried again at each look, and told once.
          if (unopened.get(file) !== ofFile) found.bad.push({ file, reason: 'cannot-open', keys: [] });
          unopened.set(file, ofFile);
        }
      }
      const changes = takeOrders(database, found.orders, now, log);
      if (found.bad.length > 0) database.durably(() => noteBadOrders(database, found.bad, now));
      nameUnknown(found, log);
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

function readOrder({ orders, bad, unknown }: Found, file: string, text: string, log: Log): void {
  const reading = parseOrder(text);
  if (!reading.message) {
    log.error({ file, keys: reading.wrong }, 'cannot read an order');
    bad.push({ file, reason: reading.isNewer ? 'newer-home' : 'not-as-agreed', keys: reading.wrong });
    return;
  }
  orders.push(reading.message);
  for (const key of reading.unknown) {
    const { first, files } = unknown.get(key) ?? { first: file, files: 0 };
    unknown.set(key, { first, files: files + 1 });
  }
}

/** One line a key, not one a file: a newer builder writes the same key into every order. */
function nameUnknown({ unknown }: Found, log: Log): void {
  for (const [key, facts] of unknown) log.warn({ key, ...facts }, 'orders taken, without a key that this home does not know');
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
