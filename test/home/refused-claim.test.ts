import { afterEach, describe, expect, it } from 'vitest';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import { alarmsOf, closeHomes, enrol, issue, type OpenHome, openHome } from './open-home.ts';
import { claimOf, makeHostKey, withSerial } from './sample-fleet.ts';

afterEach(closeHomes);

describe('POST /v1/claim refuses', () => {
  interface Case {
    readonly title: string;
    readonly word: string;
    readonly status: number;
    readonly attempt: (home: OpenHome) => Promise<{ status: number; text: string }>;
  }
  const taken = async (home: OpenHome, fields = {}) => {
    const issued = issue('durand', fields);
    await home.take(issued.order);
    return issued;
  };
  const send = (home: OpenHome, issued: ReturnType<typeof issue>, fields: object) =>
    home.nursery('/v1/claim', claimOf(issued, fields), issued.nursery);
  const key =
    (fields: object): Case['attempt'] =>
    async (home) =>
      send(home, await taken(home), fields);
  const hex = (text: string) => ({ publicKey: Buffer.from(text, 'hex').toString('base64') });

  const cases: Case[] = [
    { title: 'an unknown token', word: 'unknown-token', status: 404, attempt: (home) => send(home, issue(), {}) },
    {
      title: 'an expired token',
      word: 'expired',
      status: 410,
      attempt: async (home) => send(home, await taken(home, { tokenExpires: new Date(Date.now() - 1000).toISOString() }), {}),
    },
    { title: 'another generation', word: 'mismatch', status: 403, attempt: key({ generation: 2 }) },
    {
      title: "the nursery address of another client's key",
      word: 'mismatch',
      status: 403,
      async attempt(home) {
        const [mine, other] = [await taken(home), issue('moreau')];
        await home.take(other.order);
        return home.nursery('/v1/claim', claimOf(mine), other.nursery);
      },
    },
    {
      title: 'a final address in the nursery',
      word: 'mismatch',
      status: 403,
      attempt: async (home) => home.nursery('/v1/claim', claimOf(await taken(home)), home.network.card(1)),
    },
    {
      title: "a key of another client's card",
      word: 'key-known',
      status: 403,
      async attempt(home) {
        const [mine, other] = [await taken(home), issue('moreau')];
        await home.take(other.order);
        const claim = claimOf(other);
        await enrol(home, other, claim);
        return send(home, mine, { publicKey: claim.publicKey });
      },
    },
    {
      title: "a seed's key",
      word: 'key-known',
      status: 403,
      async attempt(home) {
        const mine = await taken(home);
        return send(home, mine, { publicKey: mine.order.publicKey });
      },
    },
    {
      title: 'the key of a card that was replaced',
      word: 'key-known',
      status: 403,
      async attempt(home) {
        const first = await taken(home);
        const claim = claimOf(first);
        await enrol(home, first, claim);
        const second = await taken(home, { generation: 2 });
        await enrol(home, second);
        const third = await taken(home, { generation: 3 });
        return send(home, third, { publicKey: claim.publicKey });
      },
    },
    {
      title: "the hub's own key",
      word: 'key-known',
      status: 403,
      attempt: async (home) => send(home, await taken(home), { publicKey: home.hubKey }),
    },
    { title: 'a point of order 1', word: 'bad-key', status: 400, attempt: key(hex('00'.repeat(32))) },
    { title: 'a point of order 4', word: 'bad-key', status: 400, attempt: key(hex(`01${'00'.repeat(31)}`)) },
    {
      title: 'a point of order 8',
      word: 'bad-key',
      status: 400,
      attempt: key(hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')),
    },
    {
      title: 'the other point of order 8',
      word: 'bad-key',
      status: 400,
      attempt: key(hex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157')),
    },
    { title: 'a point of order 2', word: 'bad-key', status: 400, attempt: key(hex(`ec${'ff'.repeat(30)}7f`)) },
    { title: 'p, which is 0', word: 'bad-key', status: 400, attempt: key(hex(`ed${'ff'.repeat(30)}7f`)) },
    {
      title: 'a point of order 8 with the highest bit set',
      word: 'bad-key',
      status: 400,
      attempt: key(hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880')),
    },
    { title: 'a key of 31 bytes', word: 'bad-key', status: 400, attempt: key({ publicKey: Buffer.alloc(31, 7).toString('base64') }) },
    { title: 'a key of 33 bytes', word: 'bad-key', status: 400, attempt: key({ publicKey: Buffer.alloc(33, 7).toString('base64') }) },
    {
      title: 'a key whose last base64 character has stray bits',
      word: 'bad-key',
      status: 400,
      attempt: key({ publicKey: makeVpnKey().publicKey.replace(/.=$/, 'B=') }),
    },
    { title: 'a key in base64url', word: 'bad-key', status: 400, attempt: key({ publicKey: `${'_'.repeat(43)}=` }) },
    { title: 'a host key of another kind', word: 'bad-key', status: 400, attempt: key({ hostKey: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==' }) },
    {
      title: 'a host key of 31 bytes',
      word: 'bad-key',
      status: 400,
      attempt: key({ hostKey: `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x1f'.padEnd(50, 'x'), 'latin1').toString('base64')}` }),
    },
    { title: 'a host key with an option before it', word: 'bad-key', status: 400, attempt: key({ hostKey: `cert-authority ${makeHostKey()}` }) },
    { title: 'a host key of two lines', word: 'bad-request', status: 400, attempt: key({ hostKey: `${makeHostKey()}\nx` }) },
  ];

  it.each(cases)('$title: $status $word', async ({ word, status, attempt }) => {
    const home = await openHome();
    const answer = await attempt(home);
    expect(answer).toMatchObject({ status, text: expect.stringMatching(new RegExp(`^error ${word} [A-Z][^\\n]*\\.\\n$`)) });
    expect(home.database.sql('SELECT count(*) AS live FROM peers JOIN orders USING (token_sha256) WHERE state = ?').get('claimed')).toEqual({
      live: 0,
    });
  });

  it('a second card, in the nursery and over HTTPS, with an alarm that has both serial numbers', async () => {
    const home = await openHome();
    const issued = await taken(home);
    const claim = claimOf(issued);
    await home.nursery('/v1/claim', claim, issued.nursery);
    const copy = withSerial(claimOf(issued), 'second');
    expect(await home.nursery('/v1/claim', copy, issued.nursery)).toMatchObject({ status: 409, text: expect.stringContaining('error token-used ') });
    await home.tunnel('/v1/confirm', {}, home.network.card(1));
    expect((await home.open('/v1/claim', copy)).status).toBe(409);
    // The same serial number with another key is a second card as well: such numbers can be guessed.
    expect((await home.open('/v1/claim', claimOf(issued))).status).toBe(409);
    expect(alarmsOf(home)).toEqual([
      { kind: 'second-card', client: 'durand', facts: { first: '10000000a1b2c3d4', second: 'second' }, times: 2 },
      { kind: 'second-card', client: 'durand', facts: { first: '10000000a1b2c3d4', second: '10000000a1b2c3d4' }, times: 1 },
    ]);
  });

  it('a flood of second cards without filling the disk', async () => {
    const home = await openHome();
    const issued = await taken(home);
    await enrol(home, issued);
    for (let index = 0; index < 25; index++) await home.open('/v1/claim', withSerial(claimOf(issued), `s${index}`));
    expect(alarmsOf(home)).toHaveLength(20);
    expect(alarmsOf(home).reduce((sum, { times }) => sum + times, 0)).toBe(25);
  });
});
