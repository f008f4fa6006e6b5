import { afterEach, describe, expect, it } from 'vitest';
import { listFleet } from '../../home/store/fleet.ts';
import { alarmsOf, closeHomes, enrol, heartbeatOf, issue, openHome, stateOf } from './open-home.ts';
import { claimOf } from './sample-fleet.ts';

afterEach(closeHomes);

describe('an order of a higher generation (the hub is a stand-in; database and HTTP are real)', () => {
  it('kills the image before it', async () => {
    const home = await openHome();
    const [old, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(old.order);
    await home.take(next.order);
    expect([...home.hub.peers.keys()]).toEqual([next.order.publicKey]);
    expect(await home.open('/v1/claim', claimOf(old))).toMatchObject({ status: 410, text: expect.stringMatching(/^error reissued /) });
    expect((await home.nursery('/v1/claim', claimOf(next), next.nursery)).status).toBe(200);
  });

  it('kills a claim that was not confirmed', async () => {
    const home = await openHome();
    const [old, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(old.order);
    const claim = claimOf(old);
    const { values } = await home.nursery('/v1/claim', claim, old.nursery);
    await home.take(next.order);
    expect((await home.tunnel('/v1/confirm', {}, values['address'] ?? '')).status).toBe(403);
    expect((await home.open('/v1/claim', claim)).status).toBe(410);
    expect([...home.hub.peers.keys()]).toEqual([next.order.publicKey]);
  });

  it('lets the card that runs go on until its successor confirms, at another address', async () => {
    const home = await openHome();
    const [old, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(old.order);
    const oldClaim = claimOf(old);
    const oldAddress = await enrol(home, old, oldClaim);
    await home.tunnel('/v1/heartbeat', heartbeatOf({ bootCounter: 9 }), oldAddress);
    await home.take(next.order);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ bootCounter: 9 }), oldAddress)).status).toBe(200);
    const nextClaim = claimOf(next);
    const { values } = await home.nursery('/v1/claim', nextClaim, next.nursery);
    const nextAddress = values['address'] ?? '';
    expect(nextAddress).not.toBe(`${oldAddress}/128`);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ bootCounter: 9 }), oldAddress)).status).toBe(200);
    expect((await home.tunnel('/v1/confirm', {}, nextAddress)).status).toBe(200);
    expect([...home.hub.peers.keys()]).toEqual([nextClaim.publicKey]);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ bootCounter: 9 }), oldAddress)).status).toBe(403);
    expect((await home.open('/v1/claim', oldClaim)).status).toBe(410);
    // It is a card of its own, and counts from 1.
    await home.tunnel('/v1/heartbeat', heartbeatOf({ bootId: 'new', bootCounter: 1 }), nextAddress);
    expect(alarmsOf(home)).toEqual([]);
  });

  it('is the only one that counts, in whatever order they are read', async () => {
    const home = await openHome();
    const [old, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(next.order);
    await home.take(old.order);
    await home.take(old.order);
    expect((await home.open('/v1/claim', claimOf(old))).status).toBe(404);
    expect(alarmsOf(home)).toMatchObject([{ kind: 'bad-order', times: 2 }]);
  });

  it('cannot bring back a key', async () => {
    const home = await openHome();
    const old = issue();
    await home.take(old.order);
    await home.take(issue('durand', { generation: 2, publicKey: old.order.publicKey }).order);
    expect(alarmsOf(home)).toMatchObject([{ kind: 'bad-order' }]);
    expect((await home.nursery('/v1/claim', claimOf(old), old.nursery)).status).toBe(200);
  });
});

describe('an order whose token was renewed because it had ended', () => {
  const renew = (generation = 2, fields = {}) => issue('durand', { generation, renewed: true, ...fields });

  it('takes the place of an image that nobody used', async () => {
    const home = await openHome();
    const [old, next] = [issue('durand', { tokenExpires: '2020-03-31T00:00:00.000Z' }), renew()];
    await home.take(old.order);
    await home.take(next.order);
    expect([...home.hub.peers.keys()]).toEqual([next.order.publicKey]);
    expect((await home.nursery('/v1/claim', claimOf(next), next.nursery)).status).toBe(200);
  });

  it('is taken where home never heard of the client', async () => {
    const home = await openHome();
    const next = renew(3);
    await home.take(next.order);
    expect((await home.nursery('/v1/claim', claimOf(next), next.nursery)).status).toBe(200);
  });

  it.each([
    ['confirmed', true],
    ['claimed', false],
  ])(
    'leaves a card alone that has %s: it runs, is shown as it was, and what was renewed opens nothing, however often',
    async (state, isConfirmed) => {
      const home = await openHome();
      const old = issue();
      await home.take(old.order);
      const claim = claimOf(old);
      const { values } = await home.nursery('/v1/claim', claim, old.nursery);
      const address = (values['address'] ?? '').replace('/128', '');
      if (isConfirmed) await home.tunnel('/v1/confirm', {}, address);
      const peers = [...home.hub.peers.keys()];
      const [next, third] = [renew(2, { hostname: 'jardin' }), renew(3)];
      for (const { order } of [next, next, third]) await home.take(order);
      expect([...home.hub.peers.keys()]).toEqual(peers);
      expect(stateOf(home)).toBe(state);
      for (const dead of [next, third]) {
        expect(await home.open('/v1/claim', claimOf(dead))).toMatchObject({ status: 410, text: expect.stringMatching(/^error reissued /) });
      }
      expect(alarmsOf(home)).toMatchObject([{ kind: 'second-card' }]);
      expect((await home.tunnel('/v1/confirm', {}, address)).status).toBe(200);
      expect((await home.tunnel('/v1/heartbeat', heartbeatOf(), address)).status).toBe(200);
      // What somebody asks for comes after it, as ever.
      const asked = issue('durand', { generation: 4 });
      await home.take(asked.order);
      expect((await home.nursery('/v1/claim', claimOf(asked), asked.nursery)).status).toBe(200);
    },
  );

  it('goes on with a new card that was asked for, beside the one that runs', async () => {
    const home = await openHome();
    const [old, asked, next] = [issue(), issue('durand', { generation: 2 }), renew(3)];
    await home.take(old.order);
    const address = await enrol(home, old);
    await home.take(asked.order);
    await home.take(next.order);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf(), address)).status).toBe(200);
    expect((await home.open('/v1/claim', claimOf(asked))).status).toBe(410);
    expect((await home.nursery('/v1/claim', claimOf(next), next.nursery)).status).toBe(200);
  });

  it('still revokes, once, when it was put aside', async () => {
    const home = await openHome();
    const [old, next] = [issue(), renew()];
    await home.take(old.order);
    await enrol(home, old);
    await home.take(next.order);
    await home.take({ ...next.order, revoked: true });
    expect([home.hub.peers.size, stateOf(home)]).toEqual([0, 'revoked']);
    const since = () => home.database.sql('SELECT state_since AS since FROM clients').get();
    const before = since();
    await home.take({ ...next.order, revoked: true });
    expect(since()).toEqual(before);
  });
});

describe('a revoked order', () => {
  it('shuts out seed and card at once, and for good', async () => {
    const home = await openHome();
    const [issued, neighbour] = [issue(), issue('moreau')];
    await home.take(issued.order);
    await home.take(neighbour.order);
    const claim = claimOf(issued);
    const address = await enrol(home, issued, claim);
    await home.take({ ...issued.order, revoked: true });
    // A copy of the order from before changes nothing.
    await home.take(issued.order);
    expect([...home.hub.peers.keys()]).toEqual([neighbour.order.publicKey]);
    expect(await home.tunnel('/v1/heartbeat', heartbeatOf(), address)).toMatchObject({
      status: 403,
      text: expect.stringMatching(/^error unknown-address /),
    });
    for (const again of [claim, claimOf(issued)]) expect((await home.open('/v1/claim', again)).status).toBe(410);
    expect(stateOf(home)).toBe('revoked');
  });

  it('shuts out an image that nobody flashed', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take({ ...issued.order, revoked: true });
    expect(home.hub.peers.size).toBe(0);
    expect(await home.open('/v1/claim', claimOf(issued))).toMatchObject({ status: 410, text: expect.stringMatching(/^error revoked /) });
  });

  it('lets the client come back by a higher generation', async () => {
    const home = await openHome();
    const [old, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(old.order);
    await enrol(home, old);
    await home.take({ ...old.order, revoked: true });
    await home.take(next.order);
    await enrol(home, next);
    expect(stateOf(home)).toBe('confirmed');
  });
});

describe('listFleet()', () => {
  it('calls silent what called once, and not within three intervals', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const fleet = (later: number) => listFleet(home.database, Date.now() + later)[0];
    expect(fleet(1e9)).toMatchObject({ client: 'durand', state: 'ordered', address: null, lastHeartbeat: null });
    const address = await enrol(home, issued);
    expect(fleet(0)).toMatchObject({ state: 'confirmed', address, serial: '10000000a1b2c3d4' });
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    expect(fleet(890_000)).toMatchObject({ state: 'well', health: { report: 'done' } });
    expect(fleet(910_000)).toMatchObject({ state: 'silent' });
  });

  it('shows the card that is to come, and until it is confirmed the address where the one before still answers', async () => {
    const home = await openHome();
    const [old, next] = [issue(), issue('durand', { generation: 2 })];
    await home.take(old.order);
    const address = await enrol(home, old);
    await home.take(next.order);
    expect(listFleet(home.database, Date.now())).toMatchObject([{ state: 'ordered', generation: 2, address }]);
    const { values } = await home.nursery('/v1/claim', claimOf(next), next.nursery);
    expect(listFleet(home.database, Date.now())).toMatchObject([{ state: 'claimed', address }]);
    const claimed = values['address']?.replace('/128', '') ?? '';
    await home.tunnel('/v1/confirm', {}, claimed);
    expect(listFleet(home.database, Date.now())).toMatchObject([{ state: 'confirmed', address: claimed }]);
  });
});
