import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { createOrderReader } from '../../home/run/orders.ts';
import { listAlarms, listStrayAlarms } from '../../home/store/alarms.ts';
import { type Database, openDatabase } from '../../home/store/database.ts';
import type { Order } from '../../protocol/order.ts';
import { issue } from './sample-fleet.ts';

interface Ground {
  readonly database: Database;
  readonly folder: string;
  /** What was logged as an error, and as a warning. */
  readonly errors: string[];
  readonly warnings: string[];
  read(): Promise<string[]>;
  write(order: Order | string, file?: string): Promise<void>;
}

/** Gives `task` a folder of orders and a reader of it, which says which keys became peers. */
async function withOrders(task: (ground: Ground) => Promise<void>): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), 'semeur-orders-'));
  const database = openDatabase(state);
  try {
    const folder = join(state, 'orders');
    await mkdir(folder);
    const errors: string[] = [];
    const warnings: string[] = [];
    const noteIn = (lines: string[]) => (facts: object, message: string) => void lines.push(`${message} ${JSON.stringify(facts)}`);
    const reader = createOrderReader(folder, database, { info: () => {}, warn: noteIn(warnings), error: noteIn(errors) });
    await task({
      ...{ database, folder, errors, warnings },
      read: async () => (await reader.read(Date.now())).added.map(({ publicKey }) => publicKey),
      async write(order, file = typeof order === 'string' ? 'odd.json' : `${order.client}.json`) {
        await writeFile(join(folder, `.${file}.part`), typeof order === 'string' ? order : JSON.stringify(order));
        await rename(join(folder, `.${file}.part`), join(folder, file));
      },
    });
  } finally {
    database.close();
    await rm(state, { recursive: true, force: true });
  }
}

describe('createOrderReader()', () => {
  it('takes each order once, and again when it changes, even within one tick of the clock', () =>
    withOrders(async ({ read, write, database }) => {
      const { order } = issue('durand');
      await write(order);
      expect(await read()).toEqual([order.publicKey]);
      expect(await read()).toEqual([]);
      await write({ ...order, revoked: true });
      await read();
      expect(database.sql('SELECT state FROM clients').get()?.['state']).toBe('revoked');
    }));

  it('waits for a folder that is not there yet', () =>
    withOrders(async ({ folder, read, write }) => {
      await rm(folder, { recursive: true });
      expect(await read()).toEqual([]);
      await mkdir(folder);
      const { order } = issue('durand');
      await write(order);
      expect(await read()).toEqual([order.publicKey]);
    }));

  it('takes a revocation later that a locked database could not take at once', () =>
    withOrders(async ({ folder, database, read, write }) => {
      const { order } = issue('durand');
      await write(order);
      await read();
      await write({ ...order, revoked: true });
      // So old that a look at the folder alone would find nothing new.
      await utimes(folder, 1, 1);
      const other = openDatabase(join(folder, '..'));
      other.sql('BEGIN IMMEDIATE').run();
      await expect(read()).rejects.toThrow('locked');
      other.sql('COMMIT').run();
      other.close();
      await read();
      expect(database.sql('SELECT state FROM clients').get()?.['state']).toBe('revoked');
    }));

  it('takes an order of a newer builder, and names what it does not know once, not once a file', () =>
    withOrders(async ({ read, write, errors, warnings, database }) => {
      const orders = ['durand', 'martin', 'petit'].map((client) => issue(client).order);
      for (const order of orders.slice(0, 2))
        await write(JSON.stringify({ ...order, card: { name: 'Durand', phone: '+33 1' } }), `${order.client}.json`);
      await write(orders[2] as Order);
      expect((await read()).sort()).toEqual(orders.map(({ publicKey }) => publicKey).sort());
      expect(warnings).toEqual([expect.stringContaining('{"key":"card","first":"durand.json","files":2}')]);
      expect(await read()).toEqual([]);
      expect([errors, warnings.length, listStrayAlarms(database)]).toEqual([[], 1, []]);
    }));

  it("raises an alarm of a file that it can't take, by its name, whether it knows the client or not", () =>
    withOrders(async ({ folder, read, write, database }) => {
      const durand = issue('durand');
      await write(durand.order);
      await read();
      await write(JSON.stringify({ ...durand.order, order: 2 }), 'durand.json');
      await write(JSON.stringify({ ...issue('martin').order, presharedKey: 'x', generation: 0 }), 'martin.json');
      await write('', 'empty.json');
      await symlink('nowhere.json', join(folder, 'gone.json'));
      await mkdir(join(folder, 'petit.json'));
      for (let look = 0; look < 3; look++) await read();
      const told = (client: string) => listAlarms(database, client).map(({ kind, facts, times }) => ({ kind, facts, times }));
      const alarm = (file: string, reason: string, keys?: string) => [
        { kind: 'bad-order', facts: { file, reason, ...(keys === undefined ? {} : { keys }) }, times: 1 },
      ];
      expect(told('durand')).toEqual(alarm('durand.json', 'newer-home', 'order'));
      expect(listStrayAlarms(database).map(({ client }) => client)).toEqual(['empty', 'martin', 'petit']);
      expect(told('martin')).toEqual(alarm('martin.json', 'not-as-agreed', 'generation presharedKey'));
      expect(told('empty')).toEqual(alarm('empty.json', 'not-as-agreed', '(all of it)'));
      expect(told('petit')).toEqual(alarm('petit.json', 'cannot-open'));
      // Mended, it is an order like any other.
      await write(issue('martin').order);
      expect(await read()).toHaveLength(1);
    }));

  it('raises an alarm of an order that collides with another, though home does not know its client', () =>
    withOrders(async ({ read, write, database }) => {
      const first = issue('durand').order;
      await write(first);
      await write({ ...issue('martin').order, nurseryAddress: first.nurseryAddress });
      await read();
      expect(listStrayAlarms(database)).toMatchObject([{ client: 'martin', alarmList: [{ kind: 'bad-order' }] }]);
    }));

  it('passes over what is no order, names what is wrong, and never what it holds', () =>
    withOrders(async ({ read, write, errors }) => {
      const { order } = issue('durand');
      const secret = order.presharedKey.slice(0, 40);
      await write(order);
      await write('{"order": 1, "client": "half', 'half.json');
      await write(JSON.stringify({ ...issue('martin').order, presharedKey: `${secret}!`, token: secret }), 'martin.json');
      await write(JSON.stringify({ ...issue('petit').order, publicKey: `${'A'.repeat(43)}=` }), 'petit.json');
      await write(JSON.stringify(issue('note').order), 'note.txt');
      expect(await read()).toEqual([order.publicKey]);
      expect(errors.map((line) => /[a-z]+\.json/.exec(line)?.[0]).sort()).toEqual(['half.json', 'martin.json', 'petit.json']);
      expect(errors.join()).toContain('presharedKey');
      expect(errors.join()).not.toContain(secret);
      expect(await read()).toEqual([]);
      expect(errors).toHaveLength(3);
    }));

  it('lets one that collides with another, or makes no sense, keep nobody else from being taken in', () =>
    withOrders(async ({ read, write, errors }) => {
      const [first, good] = [issue('durand').order, issue('petit').order];
      await write(first);
      await write({ ...issue('martin').order, nurseryAddress: first.nurseryAddress });
      await write({ ...issue('odd').order, nurseryAddress: 'fd5e:3e0f::1::2/128' });
      await write(good);
      expect((await read()).sort()).toEqual([first.publicKey, good.publicKey].sort());
      expect(errors.map((line) => /[a-z]+\.json/.exec(line)?.[0])).toEqual(['odd.json']);
    }));

  it('reads more orders than it may open files', () =>
    withOrders(async ({ folder, write }) => {
      for (let number = 0; number < 600; number++) await write(issue(`client-${number}`).order);
      const script = `
        import { createOrderReader } from ${JSON.stringify(join(findCheckout(), 'home/run/orders.ts'))};
        import { openDatabase } from ${JSON.stringify(join(findCheckout(), 'home/store/database.ts'))};
        const log = { info() {}, warn() {}, error(facts, message) { console.error(message, facts); } };
        const reader = createOrderReader(${JSON.stringify(folder)}, openDatabase(${JSON.stringify(join(folder, 'state'))}), log);
        console.log((await reader.read(Date.now())).added.length);`;
      const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
      const { stdout, stderr } = await execa('sh', ['-c', 'ulimit -n 128; exec "$@"', 'sh', ...node], { stdin: 'ignore' });
      expect({ stdout, stderr }).toEqual({ stdout: '600', stderr: '' });
    }));
});
