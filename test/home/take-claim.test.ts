import { describe, expect, it } from 'vitest';
import { confirmCard, findCard } from '../../home/store/cards.ts';
import { type ClaimSource, takeClaim } from '../../home/store/claims.ts';
import type { Database } from '../../home/store/database.ts';
import { canonicalAddress } from '../../protocol/addresses.ts';
import type { ClaimRequest } from '../../protocol/requests.ts';
import { claimOf, DAY, type Issued, issue, NETWORK, NOW, order, peersOf, withDatabase } from './sample-fleet.ts';

const PUBLIC: ClaimSource = { way: 'public' };
const fromNursery = ({ order: { nurseryAddress } }: Issued): ClaimSource => ({
  way: 'nursery',
  isAddress: (address) => address === canonicalAddress(nurseryAddress),
});

const claim = (database: Database, request: ClaimRequest, source: ClaimSource, now = NOW) => takeClaim(database, NETWORK, request, source, now);

function confirm(database: Database, address: string) {
  const card = findCard(database, address);
  if (!card) throw new Error(`no card at ${address}`);
  return confirmCard(database, card, NOW);
}

const stateOf = (database: Database, client = 'durand') => database.sql('SELECT state FROM clients WHERE client = ?').get(client)?.['state'];
const alarmsOf = (database: Database) =>
  database
    .sql('SELECT kind, client, facts, times FROM alarms ORDER BY id')
    .all()
    .map((row) => ({ ...row, facts: JSON.parse(String(row['facts'])) }));

/** A client with one seed out. */
function withClient(task: (database: Database, issued: Issued) => void): void {
  withDatabase((database) => {
    const issued = issue('durand');
    order(database, issued);
    task(database, issued);
  });
}

describe('takeClaim()', () => {
  it('gives a card its place, and keeps the seed in until the card confirms', () =>
    withClient((database, issued) => {
      const request = claimOf(issued);
      const { address, peer } = claim(database, request, fromNursery(issued));
      expect(peer).toEqual({ publicKey: request.publicKey, address: `${address}/128`, presharedKey: expect.stringMatching(/^[\w+/]{43}=$/) });
      expect(peer.presharedKey).not.toBe(issued.order.presharedKey);
      expect(peersOf(database)).toHaveLength(2);
      expect(stateOf(database)).toBe('claimed');
    }));

  it('answers the same pair the same, before and after the confirm', () =>
    withClient((database, issued) => {
      const request = claimOf(issued);
      const first = claim(database, request, fromNursery(issued));
      const again = claim(database, request, fromNursery(issued));
      expect(again).toEqual({ ...first, isNew: false });
      confirm(database, first.address);
      // The token has expired long since: what was given stays given.
      expect(claim(database, { ...request, hostKey: claimOf(issued).hostKey }, PUBLIC, NOW + 400 * DAY)).toEqual(again);
      expect(stateOf(database)).toBe('confirmed');
    }));

  it('gives each card an address of its own, and never one that was given before', () =>
    withDatabase((database) => {
      const addresses = ['a', 'b', 'c'].map((client) => {
        const issued = issue(client);
        order(database, issued);
        const { address } = claim(database, claimOf(issued), fromNursery(issued));
        if (client === 'b') order(database, { ...issued, order: { ...issued.order, revoked: true } });
        return address;
      });
      expect(addresses).toEqual([1, 2, 3].map(NETWORK.card));
    }));

  it('refuses a second card with 409, and says both serial numbers in an alarm', () =>
    withClient((database, issued) => {
      claim(database, claimOf(issued, { serial: 'first' }), fromNursery(issued));
      const before = peersOf(database);
      for (const source of [fromNursery(issued), PUBLIC])
        expect(() => claim(database, claimOf(issued, { serial: 'second' }), source)).toThrow(expect.objectContaining({ status: 409 }));
      expect(peersOf(database)).toEqual(before);
      expect(alarmsOf(database)).toEqual([{ kind: 'second-card', client: 'durand', facts: { first: 'first', second: 'second' }, times: 2 }]);
    }));

  it('refuses a second card even if it has the serial number of the first', () =>
    withClient((database, issued) => {
      claim(database, claimOf(issued), fromNursery(issued));
      expect(() => claim(database, claimOf(issued), PUBLIC)).toThrow(expect.objectContaining({ word: 'token-used' }));
      expect(alarmsOf(database)).toHaveLength(1);
    }));

  it('learns of a second card also when the image was reissued or revoked meanwhile', () => {
    for (const end of ['reissued', 'revoked'] as const) {
      withClient((database, issued) => {
        claim(database, claimOf(issued, { serial: 'first' }), fromNursery(issued));
        order(database, end === 'revoked' ? { ...issued, order: { ...issued.order, revoked: true } } : issue('durand', { generation: 2 }));
        expect(() => claim(database, claimOf(issued, { serial: 'second' }), PUBLIC)).toThrow(expect.objectContaining({ status: 410, word: end }));
        expect(alarmsOf(database)).toMatchObject([{ kind: 'second-card', facts: { second: 'second' } }]);
      });
    }
  });

  it.each<[string, (issued: Issued) => Partial<ClaimRequest>, string]>([
    ['an unknown token', () => ({ token: 'x'.repeat(43) }), 'unknown-token'],
    ['another generation', () => ({ generation: 2 }), 'mismatch'],
    ["the seed's own key", ({ order: { publicKey } }) => ({ publicKey }), 'key-known'],
  ])('refuses %s, and changes nothing', (_, fields, word) =>
    withClient((database, issued) => {
      const before = peersOf(database);
      expect(() => claim(database, claimOf(issued, fields(issued)), fromNursery(issued))).toThrow(expect.objectContaining({ word }));
      expect(peersOf(database)).toEqual(before);
      expect(stateOf(database)).toBe('ordered');
    }),
  );

  it('refuses a token through the tunnel of another seed', () =>
    withClient((database, issued) => {
      const other = issue('martin');
      order(database, other);
      expect(() => claim(database, claimOf(issued), fromNursery(other))).toThrow(expect.objectContaining({ word: 'mismatch' }));
    }));

  it('refuses a token from the moment it expires, by its own clock', () =>
    withClient((database, issued) => {
      const end = Date.parse(issued.order.tokenExpires);
      expect(() => claim(database, claimOf(issued), fromNursery(issued), end)).toThrow(expect.objectContaining({ word: 'expired', status: 410 }));
      expect(claim(database, claimOf(issued), fromNursery(issued), end - 1).isNew).toBe(true);
    }));

  it('refuses a key that was ever seen, of a client that is gone too', () =>
    withDatabase((database) => {
      const [old, next] = [issue('durand'), issue('martin')];
      order(database, old);
      order(database, next);
      const request = claimOf(old);
      claim(database, request, fromNursery(old));
      order(database, { ...old, order: { ...old.order, revoked: true } });
      expect(() => claim(database, claimOf(next, { publicKey: request.publicKey }), fromNursery(next))).toThrow(
        expect.objectContaining({ word: 'key-known' }),
      );
    }));

  it('notes that a card has no tunnel, why, and that it has one after all', () =>
    withClient((database, issued) => {
      const request = claimOf(issued, { diagnosis: 'udp-blocked' });
      const { address } = claim(database, request, PUBLIC);
      expect(stateOf(database)).toBe('claimed-no-tunnel');
      expect({ ...database.sql('SELECT diagnosis FROM claims').get() }).toEqual({ diagnosis: 'udp-blocked' });
      const { diagnosis: _, ...again } = request;
      expect(claim(database, again, fromNursery(issued)).address).toBe(address);
      expect(stateOf(database)).toBe('claimed');
    }));

  it('takes a new host key until the confirm, and none after', () =>
    withClient((database, issued) => {
      const request = claimOf(issued);
      claim(database, request, fromNursery(issued));
      const { hostKey } = claimOf(issued);
      const changed = claim(database, { ...request, hostKey }, fromNursery(issued));
      expect(changed).toMatchObject({ hostKey, certificate: null, isNew: false });
      confirm(database, changed.address);
      expect(claim(database, request, PUBLIC).hostKey).toBe(hostKey);
    }));
});

describe('confirmCard()', () => {
  it('ends the seed, once', () =>
    withClient((database, issued) => {
      const { address, peer } = claim(database, claimOf(issued), fromNursery(issued));
      expect(confirm(database, address)).toEqual({ added: [], removed: [issued.order.publicKey] });
      expect(confirm(database, address)).toEqual({ added: [], removed: [] });
      expect(peersOf(database)).toMatchObject([{ public_key: peer.publicKey, kind: 'card' }]);
      expect(stateOf(database)).toBe('confirmed');
    }));

  it("keeps nothing of the seed's preshared key, in the file either", () =>
    withClient((database, issued) => {
      confirm(database, claim(database, claimOf(issued), fromNursery(issued)).address);
      const tables = database.sql("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      const rows = tables.flatMap(({ name }) => database.sql(`SELECT * FROM ${name}`).all());
      expect(JSON.stringify(rows)).not.toContain(issued.order.presharedKey);
    }));

  it('at a reissue lets the old card live until the new one confirms, then moves the client to it', () =>
    withClient((database, issued) => {
      const old = claim(database, claimOf(issued), fromNursery(issued));
      confirm(database, old.address);
      const next = issue('durand', { generation: 2 });
      expect(order(database, next)).toMatchObject({ added: [{ publicKey: next.order.publicKey }], removed: [] });
      const now = claim(database, claimOf(next), fromNursery(next));
      expect(now.address).not.toBe(old.address);
      expect(findCard(database, old.address)).toMatchObject({ isConfirmed: true });
      expect(confirm(database, now.address).removed.toSorted()).toEqual([old.peer.publicKey, next.order.publicKey].toSorted());
      expect(findCard(database, old.address)).toBeUndefined();
      expect(findCard(database, now.address)).toMatchObject({ client: 'durand', isConfirmed: true });
    }));
});

describe('takeOrder()', () => {
  it('changes nothing when it is read again, before and after the confirm', () =>
    withClient((database, issued) => {
      expect(order(database, issued)).toEqual({ added: [], removed: [] });
      confirm(database, claim(database, claimOf(issued), fromNursery(issued)).address);
      const before = peersOf(database);
      expect(order(database, issued)).toEqual({ added: [], removed: [] });
      expect(peersOf(database)).toEqual(before);
      expect(stateOf(database)).toBe('confirmed');
    }));

  it('ends a seed that nobody has used when a newer one is issued, and a claim that was never confirmed', () =>
    withClient((database, issued) => {
      const { peer } = claim(database, claimOf(issued), fromNursery(issued));
      const { removed } = order(database, issue('durand', { generation: 2 }));
      expect(removed.toSorted()).toEqual([issued.order.publicKey, peer.publicKey].toSorted());
      expect(() => claim(database, claimOf(issued), PUBLIC)).toThrow(expect.objectContaining({ word: 'reissued' }));
    }));

  it('revokes everything of a client at once, for good', () =>
    withClient((database, issued) => {
      const request = claimOf(issued);
      const { address } = claim(database, request, fromNursery(issued));
      confirm(database, address);
      order(database, { ...issued, order: { ...issued.order, revoked: true } });
      expect(peersOf(database)).toEqual([]);
      expect(findCard(database, address)).toBeUndefined();
      // A folder of orders taken back from a backup says otherwise.
      order(database, issued);
      expect(stateOf(database)).toBe('revoked');
      expect(() => claim(database, request, PUBLIC)).toThrow(expect.objectContaining({ word: 'revoked' }));
      order(database, issue('durand', { generation: 2 }));
      expect(stateOf(database)).toBe('ordered');
    }));

  it('takes no older generation, and no key or token twice', () =>
    withClient((database, issued) => {
      order(database, issue('durand', { generation: 3 }));
      const before = peersOf(database);
      for (const bad of [issue('durand', { generation: 2 }), issue('martin', { publicKey: issued.order.publicKey })])
        expect(order(database, bad)).toEqual({ added: [], removed: [] });
      expect(peersOf(database)).toEqual(before);
    }));
});
