import { stat } from 'node:fs/promises';
import { expect } from 'vitest';
import { CARD_BYTES, type Card, REGION, ROOT_START } from './card.ts';

const READY = new RegExp(
  `^semeur: card ready host=durand root-bytes=${CARD_BYTES - ROOT_START} region=wiped host-key=SHA256:[A-Za-z0-9+/]{43}$`,
  'm',
);

/** What every first boot must end with, however it went. */
export async function expectReady(card: Card, seed: Buffer): Promise<void> {
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
