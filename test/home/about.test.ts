import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { writeOrders } from '../../builder/seed/order.ts';
import { changeClient } from '../../builder/workspace/change-client.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import { takeOrder } from '../../home/store/orders.ts';
import { closeHomes } from './open-home.ts';
import { openFleet } from './page-visitor.ts';
import { issue } from './sample-fleet.ts';

afterEach(closeHomes);

const PHONE = '02 99 00 43 21';

describe('whom operators have to do with', () => {
  it('comes from a client’s file in their order, and from no file that has a name alone: the first home takes that one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-about-'));
    try {
      await cp(join(findCheckout(), 'examples'), folder, { recursive: true, filter: (path) => !/\/(out|secrets|home)$/.test(path) });
      const file = join(folder, 'clients/durand.yaml');
      await writeFile(file, changeClient(await readFile(file, 'utf8'), { phone: PHONE, notes: 'Le chien est gentil.' }));
      await ensureSecrets(folder);
      const workspace = await loadWorkspace(folder);
      const orders = await writeOrders(workspace, [...workspace.clients.values()]);
      const abouts = Object.fromEntries(orders.map(({ client, about }) => [client, about]));
      expect(abouts['durand']).toEqual({ name: workspace.clients.get('durand')?.name, phone: PHONE, notes: 'Le chien est gentil.' });
      expect(abouts['lherbier']).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is on the fleet page, in its language; a text that this home has no word for is shown as it is called', async () => {
    const { home, visitor } = await openFleet(0);
    const { order } = issue('durand', { about: { name: 'Famille <Durand>', phone: PHONE, floor: '3' } });
    takeOrder(home.database, order, Date.now());
    const page = await visitor.get('/clients/durand?language=fr');
    expect(page.text).toContain('<dt>Nom<dd>Famille &#60;Durand&#62;');
    expect(page.text).toContain(`<dt>Téléphone<dd>${PHONE}`);
    expect(page.text).toContain('<dt>floor<dd>3');
    expect((await visitor.get('/')).text).toContain('<small>Famille &#60;Durand&#62;</small>');
    // The next order of the same token may say it otherwise.
    takeOrder(home.database, { ...order, about: { name: 'Famille Durand' } }, Date.now());
    const changed = await visitor.get('/clients/durand?language=fr');
    expect(changed.text).toContain('<dt>Nom<dd>Famille Durand');
    expect(changed.text).not.toContain(PHONE);
  });
});
