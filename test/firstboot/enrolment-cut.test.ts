import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { type Card, makeCard, REGION, SHELLS } from './card.ts';
import { type PretendHome, pretendHome } from './pretend-home.ts';

let key: SeedKey;
beforeAll(async () => {
  key = await makeSeedKey();
});
afterAll(removeMade);

const [DASH] = SHELLS;

async function plantedCard(place: 'file' | 'region'): Promise<{ card: Card; home: PretendHome }> {
  const card = await makeCard(key);
  const home = await pretendHome(card);
  const seed = await makeSeed(key, {}, home.seedFiles);
  if (place === 'file') await card.dropSeed(seed);
  else await card.putOnDisk(seed, REGION.offset);
  return { card, home };
}

describe('an enrolment (home and hub are pretended)', { timeout: 180_000 }, () => {
  it('ends the same at the next boot wherever it was cut: one key, confirmed, and the seed wiped', async () => {
    // Every sixth call, another sixth each time.
    let next = 1 + Math.floor(Math.random() * 6);
    let ended = false;
    const cutOnce = async () => {
      while (!ended) {
        const call = next;
        next += 6;
        const { card, home } = await plantedCard(call % 2 ? 'file' : 'region');
        const early = await card.runUntil(DASH, call, 'early');
        const enrol = early === 'cut' ? 'cut' : await card.runUntil(DASH, call - (await card.countedCalls()), 'enrol');
        if (enrol === 'done') ended = true;
        await card.restart();
        await home.restart();
        for (const stage of ['early', 'enrol']) expect(await card.run(DASH, 'run', stage), `cut before call ${call}`).toMatchObject({ exitCode: 0 });
        const wgKey = await readFile(card.path('etc/semeur/vpn.key'), 'utf8');
        expect(await home.peers(), `cut before call ${call}`).toEqual([(await execa('wg', ['pubkey'], { input: wgKey })).stdout]);
        expect(await card.read('etc/semeur/vpn.conf')).toContain(`PrivateKey = ${wgKey}`);
        expect(await card.read('dev/console'), `cut before call ${call}`).toMatch(/card ready .* region=wiped/);
        expect(await home.interfaces()).not.toContain('semeur-boot');
      }
    };
    await Promise.all([cutOnce(), cutOnce(), cutOnce()]);
    expect(next).toBeGreaterThan(100);
  });

  it('waits for a network that comes late, and sets the services up meanwhile', async () => {
    const { card, home } = await plantedCard('region');
    await home.plugIn(false);
    await card.run(DASH, 'run', 'early');
    const running = await card.start(DASH, 'run', 'enrol');
    for (let tries = 0; tries < 100 && !(await card.read('boot/firmware/semeur-report.txt')).includes('waits for the network'); tries++)
      await sleep(100);
    expect(await card.read('boot/firmware/semeur-report.txt')).toContain('waits for the network');
    expect(await card.read('etc/motd')).toBe('Bonjour\n');
    expect(await card.read('run/semeur/state')).toBe('working\n');
    await home.plugIn(true);
    expect(await running.ended).toMatchObject({ exitCode: 0 });
    expect(await card.read('run/semeur/state')).toBe('done\n');
  });
});
