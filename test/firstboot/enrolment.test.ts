import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IS_FULL } from '../is-full.ts';
import { makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { type Card, DASH, makeCard, REGION } from './card.ts';
import { type PretendHome, pretendHome } from './pretend-home.ts';
import { expectReady } from './ready-card.ts';

let key: SeedKey;
beforeAll(async () => {
  key = await makeSeedKey();
});
afterAll(removeMade);

async function plantedCard(place: 'file' | 'region'): Promise<{ card: Card; home: PretendHome; seed: Buffer }> {
  const card = await makeCard(key);
  const home = await pretendHome(card);
  const seed = await makeSeed(key, {}, home.seedFiles);
  if (place === 'file') await card.dropSeed(seed);
  else await card.putOnDisk(seed, REGION.offset);
  return { card, home, seed };
}

// What is cut takes half a minute here, and five on a machine that does other things.
describe('an enrolment (home and hub are pretended)', { timeout: 900_000 }, () => {
  it('ends the same at the next boot wherever it was cut: one key, confirmed, the seed wiped, and the card grown and set up', async () => {
    // Every third call, another third each time; in an ordinary run every eighteenth.
    const step = IS_FULL ? 3 : 18;
    let next = 1 + Math.floor(Math.random() * step);
    let ended = false;
    const cutOnce = async () => {
      while (!ended) {
        const call = next;
        next += step;
        const { card, home, seed } = await plantedCard(call % 2 ? 'file' : 'region');
        const early = await card.runUntil(DASH, call, 'early');
        const enrol = early === 'cut' ? 'cut' : await card.runUntil(DASH, call - (await card.countedCalls()), 'enrol');
        if (enrol === 'done') ended = true;
        await card.restart();
        await home.restart();
        for (const stage of ['early', 'enrol']) expect(await card.run(DASH, 'run', stage), `cut before call ${call}`).toMatchObject({ exitCode: 0 });
        const wgKey = await readFile(card.path('etc/semeur/vpn.key'), 'utf8');
        expect(await home.peers(), `cut before call ${call}`).toEqual([(await execa('wg', ['pubkey'], { input: wgKey })).stdout]);
        expect(await card.read('etc/semeur/vpn.conf')).toContain(`PrivateKey = ${wgKey}`);
        await expectReady(card, seed);
        expect(await home.interfaces()).not.toContain('semeur-boot');
      }
    };
    await Promise.all([cutOnce(), cutOnce(), cutOnce()]);
    expect(next).toBeGreaterThan(100);
  });

  it('makes a new key when home has seen the first one before', async () => {
    const { card, home } = await plantedCard('region');
    await card.run(DASH, 'run', 'early');
    await home.refuseOnce('403', 'error key-known This key was used before: make a new one.');
    expect(await card.run(DASH, 'enrol.d/30-vpn')).toMatchObject({ exitCode: 0 });
    expect(await card.run(DASH, 'enrol.d/40-claim')).toMatchObject({ exitCode: 75 });
    await expect(stat(card.path('etc/semeur/vpn.key'))).rejects.toThrow('ENOENT');
    expect(await card.run(DASH, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['address fd5e:3e0f:1a2b:1::7/128', 'address 2001:db8::7/128'],
    ['operators fd5e:3e0f:1a2b:2::/64', 'operators fd00::/8'],
    ['operators fd5e:3e0f:1a2b:2::/64', 'operators ::/0'],
    ['hub-address fd5e:3e0f:1a2b::1', 'hub-address fd5e::1 }; flush ruleset'],
    ['time ', 'times '],
    ['address fd5e:3e0f:1a2b:1::7/128', 'address fd5e:3e0f:1a2b:1::7/128\\naddress [Peer]\\naddress AllowedIPs = ::/0'],
  ])('takes no answer with another "%s": "%s"', async (before, after) => {
    const { card, home } = await plantedCard('region');
    await card.run(DASH, 'run', 'early');
    await home.falsify(before, after);
    await card.run(DASH, 'enrol.d/30-vpn');
    const { exitCode, output } = await card.run(DASH, 'enrol.d/40-claim');
    expect(exitCode).toBe(75);
    expect(output).toContain("an answer that the card doesn't understand");
    await expect(stat(card.path('var/lib/semeur/claim'))).rejects.toThrow('ENOENT');
  });

  it('tells a card without a cable what to do about its Wi-Fi', async () => {
    const card = await makeCard(key);
    const home = await pretendHome(card);
    await card.putOnDisk(await makeSeed(key, {}, new Map([...home.seedFiles, ['wifi.conf', Buffer.from('psk=x\n')]])), REGION.offset);
    await home.plugIn(false);
    await card.run(DASH, 'run', 'early');
    const { exitCode, output } = await card.run(DASH, 'enrol.d/30-vpn');
    expect({ exitCode, output }).toMatchObject({ exitCode: 75, output: expect.stringContaining("can't join your Wi-Fi") });
    expect(output).not.toContain('check that its cable');
  });

  it('says on its page that home does not answer, after a quarter of an hour, and that it does again', async () => {
    const { card, home } = await plantedCard('region');
    await card.run(DASH, 'run', 'early');
    expect(await card.run(DASH, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
    await mkdir(card.path('sys/class/leds/ACT'), { recursive: true });
    await writeFile(card.path('sys/class/leds/ACT/trigger'), 'default-on\n');
    await home.plugIn(false);
    const stateAfter = async (beats: number) => {
      for (let beat = 0; beat < beats; beat++) expect(await card.run(DASH, 'heartbeat')).toMatchObject({ exitCode: 0 });
      return /^state (.*)$/m.exec(await card.read('run/semeur/status'))?.[1];
    };
    expect(await stateAfter(2)).toBe('done');
    expect(await stateAfter(1)).toBe('away');
    expect(await card.read('sys/class/leds/ACT/trigger')).toBe('timer\n');
    await home.plugIn(true);
    expect(await stateAfter(1)).toBe('done');
    expect(await card.read('sys/class/leds/ACT/trigger')).toBe('default-on\n');
  });

  it('waits longer each time while a home that is there takes no card, though routes have a time that runs out', async () => {
    const { card, home } = await plantedCard('region');
    await card.run(DASH, 'run', 'early');
    const countClaims = await home.refuseAll('503', 'error busy Later.');
    const running = await card.start(DASH, 'run', 'enrol');
    // The first pause is 2.5 s at least, the second 5 s.
    await sleep(12_000);
    running.kill();
    // Without growing pauses there would be one every 2 s.
    const claims = await countClaims();
    expect(claims).toBeGreaterThanOrEqual(2);
    expect(claims).toBeLessThanOrEqual(3);
  });

  it('restarts a service that fails once, not at each try for a network', async () => {
    const { card, home } = await plantedCard('region');
    await writeFile(card.path('usr/lib/semeur/profile/units.list'), 'one.service\n');
    await writeFile(card.path('fake-bin/systemctl'), `#!/bin/sh\necho "$*" >>'${card.path('fake-bin/calls')}'\n[ "$2" != restart ]\n`);
    await home.plugIn(false);
    await card.run(DASH, 'run', 'early');
    const running = await card.start(DASH, 'run', 'enrol');
    await sleep(3000);
    await home.plugIn(true);
    expect(await running.ended).toMatchObject({ exitCode: 1 });
    expect(await card.read('etc/semeur/vpn.conf')).toContain('PrivateKey');
    expect((await card.calls()).filter((call) => call.includes('restart one'))).toHaveLength(1);
    expect(await card.read('run/semeur/state')).toBe('needs-help\n');
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
