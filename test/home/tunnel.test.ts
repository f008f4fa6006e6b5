import { afterEach, describe, expect, it } from 'vitest';
import { showCard } from '../../home/store/fleet.ts';
import { alarmsOf, closeHomes, enrol, heartbeatOf, issue, openHome, stateOf } from './open-home.ts';
import { claimOf } from './sample-fleet.ts';

afterEach(closeHomes);

async function enrolled() {
  const home = await openHome();
  const issued = issue();
  await home.take(issued.order);
  const claim = claimOf(issued);
  const address = await enrol(home, issued, claim);
  return { home, issued, claim, address };
}

describe('POST /v1/confirm (the hub is a stand-in; database and HTTP are real)', () => {
  it('leaves the card alone with the hub, forgets what the seed held, and may be asked again', async () => {
    const { home, issued, claim, address } = await enrolled();
    expect([...home.hub.peers.keys()]).toEqual([claim.publicKey]);
    expect(stateOf(home)).toBe('confirmed');
    const dump = JSON.stringify(home.database.sql('SELECT * FROM peers').all());
    expect(dump).not.toContain(issued.order.presharedKey);
    const again = await home.tunnel('/v1/confirm', {}, address);
    expect(again).toMatchObject({ status: 200, text: expect.stringMatching(/^time \d+\n$/) });
  });

  it.each([
    ['a nursery address', (nursery: string) => nursery],
    ['an address that no card has', () => 'fd5e:3e0f:1a2b:0:1::99'],
  ])('refuses %s', async (_, from) => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    await home.nursery('/v1/claim', claimOf(issued), issued.nursery);
    expect(await home.tunnel('/v1/confirm', {}, from(issued.nursery))).toMatchObject({
      status: 403,
      text: expect.stringMatching(/^error unknown-address /),
    });
    expect(stateOf(home)).toBe('claimed');
  });

  it('takes no notice of a body that says who it is', async () => {
    const { home, address } = await enrolled();
    const neighbour = issue('moreau');
    await home.take(neighbour.order);
    await home.nursery('/v1/claim', claimOf(neighbour), neighbour.nursery);
    expect((await home.tunnel('/v1/confirm', { client: 'moreau', publicKey: neighbour.order.publicKey }, address)).status).toBe(200);
    expect([stateOf(home), stateOf(home, 'moreau')]).toEqual(['confirmed', 'claimed']);
  });

  it('stands when the hub fails, which follows later', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const { values } = await home.nursery('/v1/claim', claimOf(issued), issued.nursery);
    home.hub.broken = new Error('wg');
    expect((await home.tunnel('/v1/confirm', {}, values['address'] ?? '')).status).toBe(200);
    expect(home.database.sql('SELECT count(*) AS peers FROM peers').get()).toEqual({ peers: 1 });
  });
});

describe('POST /v1/heartbeat', () => {
  it('answers time and interval, and tells that all is well', async () => {
    const { home, address } = await enrolled();
    const { text } = await home.tunnel('/v1/heartbeat', heartbeatOf({ report: 'working' }), address);
    expect(text).toMatch(/^time \d+\ninterval 300\n$/);
    expect(stateOf(home)).toBe('confirmed');
    await home.tunnel('/v1/heartbeat', heartbeatOf({ failedUnits: ['caddy.service'] }), address);
    expect(stateOf(home)).toBe('confirmed');
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    expect(stateOf(home)).toBe('well');
    expect(alarmsOf(home)).toEqual([]);
  });

  it('counts as a confirm: home may have forgotten it', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const { values } = await home.nursery('/v1/claim', claimOf(issued), issued.nursery);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf(), values['address'] ?? '')).status).toBe(200);
    expect(stateOf(home)).toBe('well');
    expect(home.hub.peers.size).toBe(1);
  });

  it('takes what a heartbeat says of backups in the form of the protocol alone', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const address = await enrol(home, issued);
    const backup = { at: null, failed: false, restoreAt: 1_790_000_000, restoreFailed: false };
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ backup }), address)).status).toBe(200);
    const { at: _, ...short } = backup;
    for (const wrong of [short, { ...backup, at: -1 }, { ...backup, failed: 'no' }, null, []]) {
      expect((await home.tunnel('/v1/heartbeat', { ...heartbeatOf(), backup: wrong }, address)).status, JSON.stringify(wrong)).toBe(400);
    }
  });

  it('takes an IPv6 address for the DNS, and keeps it for as long as heartbeats say it', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const address = await enrol(home, issued);
    const kept = () => showCard(home.database, issued.order.client, Date.now())?.health?.ipv6;
    for (const ipv6 of ['2001:db8::2', '2001:db8:1::2']) {
      expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ ipv6 }), address)).status).toBe(200);
      expect(kept()).toBe(ipv6);
    }
    for (const wrong of ['192.0.2.7', '2001:db8::2/64', 'fe80::2%eth0', '', null])
      expect((await home.tunnel('/v1/heartbeat', { ...heartbeatOf(), ipv6: wrong }, address)).status, JSON.stringify(wrong)).toBe(400);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf(), address)).status).toBe(200);
    expect(kept()).toBeUndefined();
  });

  it('takes what a heartbeat says of security updates in the form of the protocol alone', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const address = await enrol(home, issued);
    const updates = { at: null, failed: true, reboot: false };
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ updates }), address)).status).toBe(200);
    for (const wrong of [{ at: 1 }, { ...updates, at: 'now' }, null])
      expect((await home.tunnel('/v1/heartbeat', { ...heartbeatOf(), updates: wrong }, address)).status, JSON.stringify(wrong)).toBe(400);
  });

  it.each([
    [
      'a boot counter that goes back',
      [
        { bootId: 'b', bootCounter: 2 },
        { bootId: 'c', bootCounter: 1 },
      ],
      'boot-counter-back',
    ],
    [
      'two boots with one number',
      [
        { bootId: 'b', bootCounter: 2 },
        { bootId: 'c', bootCounter: 2 },
      ],
      'two-boots-one-number',
    ],
    ['another serial number', [{ serial: 'other' }], 'another-serial'],
    [
      'boots that take turns',
      [
        { bootId: 'b', bootCounter: 2 },
        { bootId: 'boot-1', bootCounter: 3 },
      ],
      'earlier-boot-back',
    ],
  ])('raises an alarm at %s', async (_, beats, reason) => {
    const { home, address } = await enrolled();
    for (const fields of [{}, ...beats]) expect((await home.tunnel('/v1/heartbeat', heartbeatOf(fields), address)).status).toBe(200);
    expect(alarmsOf(home)).toEqual([{ kind: 'copied-card', client: 'durand', times: 1, facts: expect.objectContaining({ reason }) }]);
  });

  it('raises none for a card that starts often, or has no serial number to tell', async () => {
    const { home, address } = await enrolled();
    for (let boot = 1; boot < 15; boot++) {
      for (const serial of ['10000000a1b2c3d4', 'unknown']) {
        await home.tunnel('/v1/heartbeat', heartbeatOf({ bootId: `boot-${boot}`, bootCounter: boot, serial }), address);
      }
    }
    expect(alarmsOf(home)).toEqual([]);
  });

  it('renews a host certificate past half of its life, once', async () => {
    const { home, address } = await enrolled();
    const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400;
    const ask = async (certificateExpires: number | null) =>
      (await home.tunnel('/v1/heartbeat', heartbeatOf({ certificateExpires }), address)).values['host-certificate'];
    expect(await ask(inDays(46))).toBeUndefined();
    // The one of the claim is as good as new.
    const first = await ask(inDays(44));
    expect(first).toMatch(/^ssh-ed25519-cert-v01@openssh\.com [A-Za-z0-9+/=]+$/);
    expect(await ask(null)).toBe(first);
    home.database.durably(() => home.database.sql('UPDATE claims SET certificate_expires = ?').run(Date.now() + 44 * 86_400_000));
    const renewed = await ask(inDays(44));
    expect(renewed).not.toBe(first);
    expect(await ask(inDays(44))).toBe(renewed);
  });

  it('writes many in one transaction, and each is there before its answer', async () => {
    const home = await openHome();
    const cards = [];
    for (let index = 0; index < 40; index++) {
      const issued = issue(`client-${index}`);
      await home.take(issued.order);
      cards.push(await enrol(home, issued));
    }
    const answers = await Promise.all(
      cards.map(async (address, index) => {
        const { status } = await home.tunnel('/v1/heartbeat', heartbeatOf({ uptime: index }), address);
        const row = home.database.sql('SELECT body FROM heartbeats WHERE client = ?').get(`client-${index}`);
        return [status, JSON.parse(String(row?.['body'])).uptime];
      }),
    );
    expect(answers).toEqual(cards.map((_, index) => [200, index]));
  });
});

describe('GET /v1/time', () => {
  it('tells the time', async () => {
    const home = await openHome();
    const { text } = await home.tunnel('/v1/time', undefined, home.network.card(1));
    expect(Math.abs(Number(/^time (\d+)\n$/.exec(text)?.[1]) - Date.now() / 1000)).toBeLessThan(5);
  });
});
