import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCard } from '../../builder/try/disk.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { BOOT_SECONDS, readCardKey, readOrder } from './first-boot.ts';
import { withGround } from './ground.ts';
import { buildCardImage, type CardImage, CLIENT } from './images.ts';

let image: CardImage;
let folder: string;
beforeAll(async () => {
  image = await buildCardImage();
  folder = await mkdtemp(join(tmpdir(), 'semeur-trouble-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const newCard = (name: string) => makeCard(createQuietSession(), image.raw, join(folder, `${name}.qcow2`));

describe('a card whose network lets no UDP through', () => {
  it('claims over HTTPS and says why, in a report that it signs; it confirms by itself once UDP passes', async () => {
    await withGround(image, async (ground) => {
      await ground.run('nft', 'table inet router { chain input { type filter hook input priority -300; udp dport 51820 drop; }; }');
      await ground.startHome();
      await ground.startCard({ disk: await newCard('udp') });
      const claimed = await ground.waitForCard(CLIENT, 'claimed over HTTPS', BOOT_SECONDS, ({ state }) => state !== 'ordered');
      expect(claimed).toMatchObject({ state: 'claimed-no-tunnel', diagnosis: 'udp-blocked' });
      const { report } = await ground.waitForCard(CLIENT, 'heard of', 120, (card) => card.report !== null);
      expect(report?.text).toContain('No tunnel: udp-blocked');
      await ground.run('nft', 'delete table inet router');
      await ground.waitForCard(CLIENT, 'well', BOOT_SECONDS, ({ state }) => state === 'well');
      expect((await ground.peers()).has((await readOrder(ground)).publicKey)).toBe(false);
    });
  });
});

describe('a card whose home is not there yet', () => {
  it('enrols by itself once it is, and, its power cut between claim and confirm, at the next boot, once', async () => {
    await withGround(image, async (ground) => {
      const disk = await newCard('late');
      const first = await ground.startCard({ disk });
      // By then it has asked in vain: it begins to enrol before its login prompt is there.
      await first.waitFor('the login prompt', BOOT_SECONDS, ({ seconds }) => seconds.login !== null);
      await ground.startHome();
      await first.waitFor('its claim', BOOT_SECONDS, (_, line) => line.includes('semeur: claimed address='));
      await first.kill();
      const claimed = ground.card(CLIENT);
      // Over HTTPS, where a busy machine's tunnel takes longer to come up than the card waits for it.
      expect(['claimed', 'claimed-no-tunnel']).toContain(claimed?.state);
      await ground.startCard({ disk });
      const card = await ground.waitForCard(CLIENT, 'well', BOOT_SECONDS, ({ state }) => state === 'well');
      expect(card).toMatchObject({ address: claimed?.address, claimed: claimed?.claimed, alarms: 0, generation: 1 });
      const ours = withFleet(ground.state, (database) => database.sql('SELECT public_key FROM peers WHERE client = ?').all(CLIENT));
      expect(ours.map((peer) => peer['public_key'])).toEqual([readCardKey(ground.state)]);
      const peers = await ground.peers();
      expect(peers.get(readCardKey(ground.state))).toBeGreaterThan(0);
      expect(peers.has((await readOrder(ground)).publicKey)).toBe(false);
    });
  });
});
