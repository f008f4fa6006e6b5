import { mkdir, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILES, makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { makeCard, REGION, SHELLS } from './card.ts';
import { expectReady } from './ready-card.ts';

let key: SeedKey;
let seed: Buffer;
beforeAll(async () => {
  key = await makeSeedKey();
  seed = await makeSeed(key);
});

afterAll(removeMade);

const HEARTBEAT = 'systemctl --no-block restart semeur-heartbeat.service';

for (const shell of SHELLS) {
  describe(`a first boot under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('takes the seed from the region, wipes it, grows, and says so', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
      expect((await stat(card.path('run/semeur/enrol'))).mode & 0o7777).toBe(0o700);
      expect(await card.read('run/semeur/enrol/token')).toBe('a token\n');
      expect(await card.run(shell, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
      await expectReady(card, seed);
    });

    it('prefers a file on the boot partition, and wipes both', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(await makeSeed(key, { client: 'other' }), REGION.offset);
      await card.dropSeed(seed);
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      await expectReady(card, seed);
    });

    it('takes names that browsers give, and ignores "._" files', async () => {
      const card = await makeCard(key);
      await card.dropSeed(Buffer.from('finder'), '._semeur.seed');
      await card.dropSeed(seed, 'Semeur (1).SEED.txt');
      expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
    });

    it('reports a bad file and tries the region', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      await card.dropSeed(seed.subarray(0, 9000));
      const { exitCode, output } = await card.run(shell, 'run', 'early');
      expect(exitCode).toBe(0);
      expect(output).toContain('semeur.seed ne convient pas : il est incomplet');
      await card.run(shell, 'run', 'enrol');
      expect(await card.read('boot/firmware/semeur-report.txt')).toContain("semeur.seed can't be used: it is incomplete");
      // Half a seed holds keys too.
      await expectReady(card, seed);
    });

    it('leaves a file that it does not know, for people to look at', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      await card.dropSeed(Buffer.from('no seed'.repeat(1000)), 'semeur-holidays.seed');
      expect((await card.run(shell, 'run', 'early')).output).toContain("semeur-holidays.seed can't be used: it is no file of Semeur's");
      await card.run(shell, 'run', 'enrol');
      await expectReady(card, seed);
      await stat(card.path('boot/firmware/semeur-holidays.seed'));
    });

    it('stops without a seed, and says what to do in both languages', async () => {
      const card = await makeCard(key);
      expect(await card.run(shell, 'run', 'early')).toMatchObject({ exitCode: 1 });
      const report = await card.read('boot/firmware/semeur-report.txt');
      expect(report).toContain('déposez le fichier semeur.seed');
      expect(report).toContain('drop the semeur.seed file');
      await expect(stat(card.path('etc/ssh/ssh_host_ed25519_key'))).rejects.toThrow('ENOENT');
    });

    it('changes nothing at the next boot', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      const hostKey = await card.read('etc/ssh/ssh_host_ed25519_key');
      const calls = await card.calls();
      await card.restart();
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      await expectReady(card, seed);
      expect(await card.read('etc/ssh/ssh_host_ed25519_key')).toBe(hostKey);
      expect((await card.calls()).slice(calls.length)).toEqual([`resize2fs ${card.disk}p2`, HEARTBEAT]);
    });

    it('starts again with a higher generation, and ignores a lower one', async () => {
      const card = await makeCard(key);
      await card.dropSeed(await makeSeed(key, { generation: 2 }));
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      await card.restart();
      await card.dropSeed(await makeSeed(key, { generation: 1, client: 'older' }));
      await card.run(shell, 'run', 'early');
      expect(await card.read('var/lib/semeur/seed/header')).toContain('generation 2\n');
      await card.dropSeed(await makeSeed(key, { generation: 10, client: 'newer' }));
      await writeFile(card.path('etc/motd'), 'changed by hand');
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      expect(await card.read('var/lib/semeur/seed/header')).toContain('client newer\n');
      expect(await card.read('etc/motd')).toBe('Bonjour\n');
    });

    it('takes a corrected seed of the same generation with the same key, until it is enrolled', async () => {
      const card = await makeCard(key);
      const withWifi = (psk: string) => makeSeed(key, {}, new Map([...FILES, ['wifi.conf', Buffer.from(`psk=${psk}\n`)]]));
      await card.putOnDisk(await withWifi('wrong'), REGION.offset);
      await card.run(shell, 'run', 'early');
      await mkdir(card.path('etc/semeur'), { recursive: true });
      for (const file of ['etc/semeur/vpn.key', 'var/lib/semeur/claim']) await writeFile(card.path(file), 'of this enrolment\n');
      await card.restart();
      await card.dropSeed(await withWifi('right'));
      await card.run(shell, 'run', 'early');
      expect(await card.read('var/lib/semeur/seed/wifi.conf')).toBe('psk=right\n');
      for (const file of ['etc/semeur/vpn.key', 'var/lib/semeur/claim']) expect(await card.read(file)).toBe('of this enrolment\n');
      await writeFile(card.path('var/lib/semeur/stamps/50-rotate'), '');
      await card.dropSeed(await withWifi('third'));
      await card.restart();
      expect((await card.run(shell, 'run', 'early')).exitCode).toBe(0);
      expect(await card.read('var/lib/semeur/seed/wifi.conf')).toBe('psk=right\n');
      expect(await card.read('dev/console')).toContain("doesn't replace the card's own");
    });
  });
}
