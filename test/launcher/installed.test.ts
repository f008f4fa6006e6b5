import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { launch } from './mini-checkout.ts';

const network = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--user', '--map-root-user', '--net'];

describe('semeur, in this checkout', () => {
  it('starts without network and without npm once installed', async ({ skip }) => {
    const stamp = await readFile(join(findCheckout(), 'node_modules', '.semeur-stamp'), 'utf8').catch(() => undefined);
    // Without its stamp the launcher would install, and this test would pull the packages from under the others.
    skip(stamp === undefined, 'the packages here were installed by npm itself, not by the launcher');
    const { exitCode } = await execa(network[0] as string, [...network.slice(1), 'true'], { reject: false });
    skip(exitCode !== 0, 'this machine lets no network namespace be made');
    const bin = await mkdtemp(join(tmpdir(), 'semeur-no-npm-'));
    try {
      await writeFile(join(bin, 'npm'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: bin };
      const started = await launch({ folder: findCheckout(), env }, ['cache', 'list', '--json'], { before: network });
      expect(started).toMatchObject({ exitCode: 0, stderr: '' });
      // What Node.js made of the sources is all there is.
      expect(JSON.parse(started.stdout).parts).toMatchObject([{ part: 'compile' }]);
    } finally {
      await rm(bin, { recursive: true, force: true });
    }
  });
});
