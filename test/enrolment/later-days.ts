import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportDisk, makeCard, makeOverlay } from '../../builder/try/disk.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { BOOT_SECONDS, type EnrolledCard, readCardKey, readOrder } from './first-boot.ts';
import { type Ground, SERIAL, withGround } from './ground.ts';
import { type CardImage, CLIENT } from './images.ts';

const SECOND = '10000000c0ffee02';

const now = () => Date.now() / 1000;

/** Waits until the hub has heard of a key since. */
async function waitForHandshake(ground: Ground, key: string, since: number, seconds: number): Promise<void> {
  for (const deadline = now() + seconds; ((await ground.peers()).get(key) ?? 0) < since; await new Promise((resolve) => setTimeout(resolve, 1000))) {
    if (now() > deadline) throw new Error(`no handshake after ${seconds} s`);
  }
}

/** Has the card call home, whenever it last did. Told through SSH; done after `delay` seconds. */
async function callSoon(ground: Ground, delay: number): Promise<void> {
  const call = 'rm -f /run/semeur/next-heartbeat; systemctl start semeur-heartbeat.service';
  await ground.semeur('ssh', '--state', ground.state, CLIENT, 'systemd-run', '--quiet', `--on-active=${delay}`, `sh -c '${call}'`);
}

export function describeLaterDays(image: () => CardImage, enrolled: () => EnrolledCard): void {
  describe('a second card from the same image', () => {
    it('is turned away over HTTPS and asks for help, and home names both', async () => {
      const { ground: from } = await enrolled().afterwards('unused');
      await withGround(
        image(),
        async (ground) => {
          await ground.startHome();
          const machine = await ground.startCard({
            disk: await makeCard(createQuietSession(), image().raw, enrolled().file('second.qcow2')),
            serial: SECOND,
          });
          await machine.waitFor('its refusal', BOOT_SECONDS, (_, line) => line.includes('needs help: 409 token-used'));
          const card = await ground.waitForCard(CLIENT, 'an alarm', 10, ({ alarms }) => alarms > 0);
          expect(card.alarmList).toMatchObject([{ kind: 'second-card', facts: { first: SERIAL, second: SECOND } }]);
          expect((await ground.peers()).has(readCardKey(ground.state))).toBe(true);
        },
        from,
      );
    });
  });

  describe('a card whose clock was ahead once', () => {
    it('gets through to home again with its clock behind, within the time of rescue', async () => {
      const { disk, ground: from } = await enrolled().afterwards('ahead');
      await withGround(
        image(),
        async (ground) => {
          await ground.startHome('--rescue', '40');
          const key = readCardKey(ground.state);
          const ahead = await ground.startCard({ disk, clock: '2099-01-01' });
          const start = now();
          await waitForHandshake(ground, key, start, BOOT_SECONDS);
          await ahead.powerOff();
          const behind = await ground.startCard({ disk });
          const again = now();
          await behind.waitFor('the login prompt', BOOT_SECONDS, ({ seconds }) => seconds.login !== null);
          await waitForHandshake(ground, key, again, 200);
          await callSoon(ground, 0);
          await ground.waitForCard(CLIENT, 'heard of', 60, ({ lastHeartbeat }) => Date.parse(lastHeartbeat ?? '') > again * 1000);
        },
        from,
      );
    });
  });

  describe('a seed that is issued anew, on the boot partition of the card', () => {
    it('enrols it again, as generation 2 with one live peer; revoked, the card is shut out', async () => {
      const { disk, ground: from } = await enrolled().afterwards('reissued');
      await withGround(
        image(),
        async (ground) => {
          await ground.startHome();
          const before = readCardKey(ground.state);
          await ground.semeur('reissue', CLIENT);
          const [raw, next] = [enrolled().file('reissued.img'), enrolled().file('again.qcow2')];
          await exportDisk(createQuietSession(), disk, raw);
          const seed = join(ground.workspace, 'out', `${CLIENT}.seed`);
          await runCommand(['mcopy', '-i', `${raw}@@8M`, seed, '::SEMEUR.SEED'], { env: { MTOOLS_SKIP_CHECK: '1' } });
          const machine = await ground.startCard({ disk: await makeOverlay(createQuietSession(), raw, next) });
          await machine.waitFor('the card, enrolled again', BOOT_SECONDS, ({ seconds }) => seconds.ready !== null);
          const card = await ground.waitForCard(CLIENT, 'well again', 60, ({ state, generation }) => state === 'well' && generation === 2);
          expect(card.alarms).toBe(0);
          const [after, order] = [readCardKey(ground.state, 2), await readOrder(ground)];
          const peers = await ground.peers();
          expect({ after: peers.has(after), before: peers.has(before), seed: peers.has(order.publicKey) }).toEqual({
            after: true,
            before: false,
            seed: false,
          });

          await callSoon(ground, 15);
          await ground.semeur('revoke', CLIENT);
          const revoked = await ground.waitForCard(CLIENT, 'revoked', 10, ({ state }) => state === 'revoked');
          expect((await ground.peers()).has(after)).toBe(false);
          await new Promise((resolve) => setTimeout(resolve, 30_000));
          expect(ground.card(CLIENT)).toMatchObject({ state: 'revoked', lastHeartbeat: revoked.lastHeartbeat });
          expect(await ground.exitCode('ping', '-c', '1', '-W', '3', card.address?.replace('/128', '') ?? '')).not.toBe(0);
        },
        from,
      );
    });
  });
}
