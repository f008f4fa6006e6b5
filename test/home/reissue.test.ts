import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { parseHeader } from '../../builder/seed/header.ts';
import { writeOrders } from '../../builder/seed/order.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets, pinOf, readHomeTls } from '../../builder/workspace/secrets.ts';
import { semeur } from './home-process.ts';

describe('semeur reissue and semeur revoke', () => {
  it('issue a new seed and order, end what was before, and are not undone by what is read or built later', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-reissue-'));
    try {
      await cp(join(findCheckout(), 'examples'), folder, { recursive: true, filter: (path) => !/\/(out|secrets|home)$/.test(path) });
      const readOrder = async () => JSON.parse(await readFile(join(folder, 'out', 'orders', 'durand.json'), 'utf8'));
      expect(await semeur('reissue', 'durand', '--workspace', folder)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('semeur build durand'),
      });
      const workspace = await loadWorkspace(folder);
      await ensureSecrets(folder);
      await writeOrders(workspace, [...workspace.clients.values()]);
      const first = await readOrder();
      expect(first).toMatchObject({ order: 1, client: 'durand', generation: 1, revoked: false });
      const made = await semeur('reissue', 'durand', '--json', '--workspace', folder);
      expect(JSON.parse(made.stdout)).toMatchObject({ client: 'durand', generation: 2 });
      const second = await readOrder();
      expect(second.generation).toBe(2);
      for (const key of ['publicKey', 'presharedKey', 'nurseryAddress', 'tokenSha256']) expect(second[key], key).not.toBe(first[key]);
      const seed = await readFile(join(folder, 'out', 'durand.seed'));
      expect(parseHeader(seed.subarray(0, 4096))).toMatchObject({ client: 'durand', generation: 2 });
      const text = seed.toString('latin1');
      const tls = await readHomeTls(folder);
      for (const line of [
        `pin ${pinOf(tls.key)}\n`,
        `pin ${pinOf(await readFile(join(folder, 'secrets', 'home-tls-backup.pem'), 'utf8'))}\n`,
        'user-ca ssh-ed25519 AAAA',
        'tunnel-url http://[fd5e:3e0f:1a2b:ffff::1]:8080\n',
      ])
        expect(text).toContain(line);
      expect((await semeur('revoke', 'durand', '--workspace', folder)).exitCode).toBe(0);
      await writeOrders(workspace, [...workspace.clients.values()]);
      expect(await readOrder()).toMatchObject({ generation: 2, revoked: true });
      await semeur('reissue', 'durand', '--workspace', folder);
      expect(await readOrder()).toMatchObject({ generation: 3, revoked: false });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
