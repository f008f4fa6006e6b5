import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { readHomeTls, readHubKey } from '../../builder/workspace/secrets.ts';
import { loopbackOf } from '../../home/answers/sources.ts';
import { openDatabase } from '../../home/store/database.ts';
import { until } from '../until.ts';
import { type HomeProcess, semeur, withHome } from './home-process.ts';
import { closeHomes, heartbeatOf, issue, openHome, stateOf } from './open-home.ts';
import { type Answer, readLines, send } from './requests-to-home.ts';
import { claimOf } from './sample-fleet.ts';

afterEach(closeHomes);

type Issue = ReturnType<typeof issue>;

async function writeOrder(folder: string, { order }: Issue): Promise<void> {
  await writeFile(join(folder, 'out', 'orders', `${order.client}.json`), JSON.stringify(order));
}

const sendClaim = (home: HomeProcess, { nursery }: Issue, claim: object) => send(home.nursery, '/v1/claim', claim, { from: loopbackOf(nursery) });
const same = ({ text }: Answer) => text.replace(/^time .*$/m, '');

describe('semeur home serve (a process of its own, without a VPN)', () => {
  it('takes orders while it runs, shows the fleet to other processes, and ends on SIGTERM', async () => {
    await withHome(async (folder, start) => {
      const issued = issue();
      // The keys that sign seeds and open cards are never where home runs.
      for (const key of ['seed_key', 'seed_key.pub', 'user_ca', 'user_ca.pub']) await rm(join(folder, 'secrets', key));
      const home = await start();
      await writeOrder(folder, issued);
      await until(async () => (await semeur('fleet', 'list', '--workspace', folder)).stdout.includes('durand'));
      const claim = claimOf(issued);
      const backup = { at: 1_795_478_400, failed: false, restoreAt: null, restoreFailed: false };
      const status = { notes: { moments: { at: 1_795_478_401 }, flags: { full: false }, troubles: { failed: true } } };
      const answer = await sendClaim(home, issued, claim);
      expect(answer.status).toBe(200);
      const address = readLines(answer)['address'] ?? '';
      expect((await send(home.tunnel, '/v1/confirm', {}, { from: loopbackOf(address) })).status).toBe(200);
      expect(
        (
          await send(home.tunnel, '/v1/heartbeat', heartbeatOf({ failedUnits: ['caddy.service'], backup, status, ipv6: '2001:db8::2' }), {
            from: loopbackOf(address),
          })
        ).status,
      ).toBe(200);
      expect((await send(home.public, '/v1/claim', claimOf(issued), { secure: true })).status).toBe(409);
      const list = await semeur('fleet', 'list', '--workspace', folder);
      expect(list.stdout).toMatch(
        /^client +state +address +last call\ndurand +confirmed +fd5e:3e0f:1a2b:0:1::1 +\d+ s ago +1 alarms, failed: caddy\.service, notes: failed$/,
      );
      const shown = await semeur('fleet', 'show', 'durand', '--json', '--workspace', folder);
      expect(JSON.parse(shown.stdout)).toMatchObject({
        client: 'durand',
        state: 'confirmed',
        generation: 1,
        inventory: { mac: 'dc:a6:32:01:02:03' },
        health: { backup, status, ipv6: '2001:db8::2' },
        alarmList: [{ kind: 'second-card', times: 1 }],
      });
      const text = (await semeur('fleet', 'show', 'durand', '--workspace', folder)).stdout;
      expect(text).toContain(`\nhostKey ${claim.hostKey}\n`);
      expect(text).toContain('\n  backup at 1795478400, failed false, restoreAt -, restoreFailed false\n');
      expect(text).toContain('\n  notes at 1795478401, full false, failed true\n');
      expect(text).toContain('\n  ipv6 2001:db8::2\n');
      expect(text).toMatch(/^history:\n {2}\S+Z confirmed\n {2}\S+Z claimed\n {2}\S+Z ordered\nalarm second-card/m);
      expect(await semeur('fleet', 'show', 'nobody', '--workspace', folder)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('semeur fleet list'),
      });
      await home.stop('SIGTERM');
      await writeOrder(folder, { ...issued, order: { ...issued.order, revoked: true } });
      const again = await start();
      expect((await sendClaim(again, issued, claim)).status).toBe(410);
    });
  });

  it('loses no claim, confirm or heartbeat that it answered, killed at any moment', async () => {
    await withHome(async (folder, start) => {
      const cards = Array.from({ length: 90 }, (_, index) => {
        const issued = issue(`client-${index}`);
        return { issued, claim: claimOf(issued), answer: '', confirmed: false, beats: 0 };
      });
      for (const { issued } of cards) await writeOrder(folder, issued);
      let home = await start();
      const log: string[] = [];
      for (let round = 0; round < 3; round++) {
        // First among the claims, then among the heartbeats.
        const isBusy = async () => round === 0 || cards.filter(({ beats }) => beats > 0).length > 20;
        const killed = until(isBusy)
          .then(() => sleep(250 + Math.random() * 500))
          .then(() => home.stop('SIGKILL'));
        await Promise.all(cards.slice(0, 30 * (round + 1)).map((card) => liveUntilKilled(home, card)));
        await killed;
        log.push(home.log());
        home = await start();
        for (const card of cards.filter(({ answer }) => answer !== '')) checkKept(folder, card);
      }
      expect(cards.filter(({ beats }) => beats > 0).length).toBeGreaterThan(20);
      const some = cards.filter(({ answer }) => answer !== '').slice(0, 20);
      for (const { issued, claim, answer, confirmed } of some) {
        const again = confirmed ? await send(home.public, '/v1/claim', claim, { secure: true }) : await sendClaim(home, issued, claim);
        // A confirm may be on the disk whose answer the kill took.
        if (again.status !== 403) expect(same(again)).toBe(answer);
      }
      log.push(home.log());
      const secrets = [
        ...cards.flatMap(({ issued, answer }) => [issued.token, issued.order.presharedKey, /preshared-key (\S+)/.exec(answer)?.[1] ?? issued.token]),
        (await readHubKey(folder)).privateKey,
        ...(await readHomeTls(folder)).key.split('\n').slice(1, -2),
        ...(await readFile(join(folder, 'home', 'host_ca'), 'utf8')).split('\n').slice(1, -2),
      ];
      expect(secrets.filter((secret) => log.join('\n').includes(secret))).toEqual([]);
      expect(log.join('\n')).toContain('"msg":"claimed"');
    });
  });

  it('lets no second home into the same state', async () => {
    await withHome(async (folder, start) => {
      await start();
      expect(await semeur('home', 'serve', '--no-vpn', '--workspace', folder)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('another one runs'),
      });
    });
  });

  it('says what to do when its place is taken, or the keys are missing', async () => {
    await withHome(async (folder) => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((done) => server.once('listening', done));
      const { port } = server.address() as { port: number };
      const taken = await semeur('home', 'serve', '--no-vpn', '--listen', `127.0.0.1:${port}`, '--workspace', folder);
      server.close();
      expect(taken).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(
          /Cannot listen on "127\.0\.0\.1", port \d+, for cards on the internet: something else listens there\n.*--listen/,
        ),
      });
      await rm(join(folder, 'secrets', 'hub.json'));
      expect(await semeur('home', 'serve', '--no-vpn', '--workspace', folder)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('Cannot find the secret "secrets/hub.json"'),
      });
      expect(await semeur('home', 'serve', '--listen', 'localhost:x', '--workspace', folder)).toMatchObject({ exitCode: 2 });
    });
  });
});

describe('home (the hub is a stand-in)', () => {
  it('goes on from where it was, started anew at any point', async () => {
    const issued = issue();
    const claim = claimOf(issued);
    let home = await openHome();
    const restart = async () => {
      await home.close();
      home = await openHome(home.folder);
    };
    await home.take(issued.order);
    await restart();
    expect([...home.hub.peers.keys()]).toEqual([issued.order.publicKey]);
    home.hub.broken = new Error('cut between the disk and the hub');
    expect((await home.nursery('/v1/claim', claim, issued.nursery)).status).toBe(503);
    await restart();
    expect([...home.hub.peers.keys()].toSorted()).toEqual([issued.order.publicKey, claim.publicKey].toSorted());
    const first = await home.nursery('/v1/claim', claim, issued.nursery);
    await restart();
    expect(same(await home.nursery('/v1/claim', claim, issued.nursery))).toBe(same(first));
    const address = first.values['address'] ?? '';
    home.hub.broken = new Error('cut between the disk and the hub');
    expect((await home.tunnel('/v1/confirm', {}, address)).status).toBe(200);
    await restart();
    expect([...home.hub.peers.keys()]).toEqual([claim.publicKey]);
    expect((await home.tunnel('/v1/confirm', {}, address)).status).toBe(200);
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    await restart();
    expect(stateOf(home)).toBe('well');
    await home.take({ ...issued.order, revoked: true });
    await restart();
    expect(home.hub.peers.size).toBe(0);
  });
});

interface LiveCard {
  readonly issued: Issue;
  readonly claim: object;
  /** What home acknowledged. */
  answer: string;
  confirmed: boolean;
  beats: number;
}

/** Does what a card does, until home is gone. */
async function liveUntilKilled(home: HomeProcess, card: LiveCard): Promise<void> {
  try {
    if (card.answer === '') {
      const answer = await sendClaim(home, card.issued, card.claim);
      if (answer.status !== 200) throw new Error(answer.text);
      card.answer = same(answer);
    }
    const from = loopbackOf(/^address (\S+)$/m.exec(card.answer)?.[1] ?? '');
    for (;;) {
      const { status } = await send(
        home.tunnel,
        card.confirmed ? '/v1/heartbeat' : '/v1/confirm',
        card.confirmed ? heartbeatOf({ uptime: card.beats + 1 }) : {},
        { from },
      );
      if (status === 200 && card.confirmed) card.beats += 1;
      if (status === 200) card.confirmed = true;
      await sleep(20);
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
  }
}

/** By the database that the killed process left. */
function checkKept(folder: string, { issued, answer, confirmed, beats }: LiveCard): void {
  const database = openDatabase(join(folder, 'home'), { readOnly: true });
  const { client, tokenSha256 } = issued.order;
  const claimed = database.sql('SELECT address, confirmed_at FROM claims WHERE token_sha256 = ?').get(tokenSha256);
  const beat = database.sql("SELECT body ->> 'uptime' AS uptime FROM heartbeats WHERE client = ?").get(client);
  database.close();
  expect(answer).toContain(`address ${claimed?.['address']}/128\n`);
  if (confirmed) expect(claimed?.['confirmed_at']).not.toBeNull();
  expect(Number(beat?.['uptime'] ?? 0)).toBeGreaterThanOrEqual(beats);
}
