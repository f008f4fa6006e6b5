import { readFile, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { type Card, makeCard, REGION, SHELLS } from './card.ts';
import { CARD_ADDRESS, findNoHub, type Hub, makeHub } from './hub.ts';

let key: SeedKey;
const noHub = await findNoHub();
const hubs: Hub[] = [];
beforeAll(async () => {
  key = await makeSeedKey();
});
afterEach(() => Promise.all(hubs.splice(0).map((hub) => hub.close())));
afterAll(removeMade);

async function openHub(): Promise<Hub> {
  const hub = await makeHub();
  hubs.push(hub);
  return hub;
}

/** A card with the hub's seed in its region, after its early steps. */
async function earlyCard(hub: Hub, [shell]: typeof SHELLS, generation = 1): Promise<Card> {
  const card = await makeCard(key, hub.within);
  await card.putOnDisk(await makeSeed(key, { generation }, await hub.seedFiles()), REGION.offset);
  expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
  return card;
}

describe.skipIf(noHub)('an enrolment, with a stand-in for home and wireguard-go as the hub', () => {
  it('claims through the tunnel, goes over to a key of its own, confirms, and wipes', async () => {
    const hub = await openHub();
    const card = await earlyCard(hub, SHELLS);
    const ran = await card.run(SHELLS[0], 'run', 'enrol');
    expect(ran.exitCode).toBe(0);
    const lines = (await card.read('dev/console')).split('\n').filter((line) => /^semeur: (claimed|confirmed|enrolled|card ready)/.test(line));
    expect(lines.map((line) => line.replace(/ host=durand .*address=/, ' address='))).toEqual([
      `semeur: claimed address=${CARD_ADDRESS}/128`,
      'semeur: confirmed',
      `semeur: enrolled address=${CARD_ADDRESS}/128`,
      expect.stringContaining('region=wiped'),
    ]);
    expect((await stat(card.path('etc/semeur/vpn.conf'))).mode & 0o777).toBe(0o600);
    expect(await readFile(card.path('etc/semeur/vpn.conf'), 'utf8')).toContain('Endpoint = 198.51.100.1:51820');
  });
});
