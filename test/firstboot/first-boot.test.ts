import { mkdir, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IS_FULL } from '../is-full.ts';
import { FILES, makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { CARD_BYTES, type Card, DASH, makeCard, REGION, ROOT_START, SHELLS } from './card.ts';

let key: SeedKey;
let seed: Buffer;
beforeAll(async () => {
  key = await makeSeedKey();
  seed = await makeSeed(key);
});

afterAll(removeMade);

const READY = new RegExp(
  `^semeur: card ready host=durand root-bytes=${CARD_BYTES - ROOT_START} region=wiped host-key=SHA256:[A-Za-z0-9+/]{43}$`,
  'm',
);

const HEARTBEAT = 'systemctl --no-block restart semeur-heartbeat.service';

/** What every first boot must end with, however it went. */
async function expectReady(card: Card): Promise<void> {
  expect(await card.read('dev/console')).toMatch(READY);
  expect((await card.onDisk(REGION.offset, REGION.bytes)).every((byte) => byte === 0)).toBe(true);
  await expect(stat(card.path('boot/firmware/semeur.seed'))).rejects.toThrow('ENOENT');
  expect(await card.read('etc/hostname')).toBe('durand\n');
  expect(await card.read('etc/hosts')).toBe('127.0.0.1 localhost\n127.0.1.1 durand\n');
  expect(await card.read('etc/motd')).toBe('Bonjour\n');
  expect((await stat(card.path('etc/site/page.html'))).mode & 0o7777).toBe(0o640);
  expect((await stat(card.path('etc/ssh/ssh_host_ed25519_key'))).mode & 0o7777).toBe(0o600);
  expect(await card.read('var/lib/semeur/seed/header')).toBe(seed.toString('latin1', 0, 4096));
  await expect(stat(card.path('var/lib/semeur/seed/enrol'))).rejects.toThrow('ENOENT');
  const report = await card.read('boot/firmware/semeur-report.txt');
  expect(Buffer.byteLength(report)).toBe(8192);
  expect(report).toContain('La carte durand est prête');
}

for (const shell of SHELLS) {
  describe(`a first boot under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('takes the seed from the region, wipes it, grows, and says so', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
      expect((await stat(card.path('run/semeur/enrol'))).mode & 0o7777).toBe(0o700);
      expect(await card.read('run/semeur/enrol/token')).toBe('a token\n');
      expect(await card.run(shell, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
      await expectReady(card);
    });

    it('prefers a file on the boot partition, and wipes both', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(await makeSeed(key, { client: 'other' }), REGION.offset);
      await card.dropSeed(seed);
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      await expectReady(card);
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
      await expectReady(card);
    });

    it('leaves a file that it does not know, for people to look at', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      await card.dropSeed(Buffer.from('no seed'.repeat(1000)), 'semeur-holidays.seed');
      expect((await card.run(shell, 'run', 'early')).output).toContain("semeur-holidays.seed can't be used: it is no file of Semeur's");
      await card.run(shell, 'run', 'enrol');
      await expectReady(card);
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
      await expectReady(card);
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

describe('a first boot that is cut', () => {
  it('goes on at the next boot, wherever it was cut', { timeout: 900_000 }, async () => {
    const shell = DASH;
    // Every third call, another third each time; in an ordinary run every ninth.
    const step = IS_FULL ? 3 : 9;
    let next = 1 + Math.floor(Math.random() * step);
    let ended = false;
    const cutOnce = async () => {
      while (!ended) {
        const call = next;
        next += step;
        const card = await makeCard(key);
        if (call % 2) await card.putOnDisk(seed, REGION.offset);
        else await card.dropSeed(seed);
        const early = await card.runUntil(shell, call, 'early');
        const enrol = early === 'cut' ? 'cut' : await card.runUntil(shell, call - (await card.countedCalls()), 'enrol');
        if (enrol === 'done') ended = true;
        await card.restart();
        const again = await card.run(shell, 'run', 'early');
        expect(again, `cut before call ${call}`).toMatchObject({ exitCode: 0 });
        expect(await card.run(shell, 'run', 'enrol'), `cut before call ${call}`).toMatchObject({ exitCode: 0 });
        await expectReady(card);
      }
    };
    await Promise.all([cutOnce(), cutOnce(), cutOnce()]);
    expect(next).toBeGreaterThan(50);
  });
});
