import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';

const OVERLAYS = join(findCheckout(), 'overlays');
const UNITS = 'usr/lib/systemd/system';

/** As on the card, where a drop-in of first boot holds for every unit whose name begins with "semeur-". */
async function withCardOf<T>(overlay: string, task: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'semeur-units-'));
  try {
    for (const files of [join(findCheckout(), 'firstboot/files'), join(OVERLAYS, overlay, 'files')]) await cp(files, root, { recursive: true });
    return await task(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

describe("the services' own units", async () => {
  const overlays = (await readdir(OVERLAYS)).filter((overlay) => existsSync(join(OVERLAYS, overlay, 'files', UNITS)));
  it.each(overlays)('of "%s" are shut in: 5.0 or less', async (overlay) => {
    await withCardOf(overlay, async (root) => {
      const services = (await readdir(join(OVERLAYS, overlay, 'files', UNITS))).filter((name) => name.endsWith('.service'));
      for (const name of services) {
        const argv = ['security', '--no-pager', '--offline=yes', `--root=${root}`, '--threshold=50', name];
        const { exitCode, all } = await execa('systemd-analyze', argv, { reject: false, all: true, stdin: 'ignore' });
        expect(exitCode, all.split('\n').at(-1)).toBe(0);
      }
    });
  });
});
