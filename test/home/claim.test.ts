import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../builder/command.ts';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import { alarmsOf, closeHomes, enrol, issue, type OpenHome, openHome, stateOf } from './open-home.ts';
import { claimOf, makeHostKey } from './sample-fleet.ts';

afterEach(closeHomes);

const lines = (text: string) => text.split('\n').map((line) => line.split(' ')[0]);
/** But for the time, which goes on. */
const same = ({ text }: { text: string }) => text.replace(/^time .*$/m, '');

describe('POST /v1/claim (the hub is a stand-in; database and HTTP are real)', () => {
  it('gives a card its address, keys and certificate, with its peer at the hub and the rest on the disk', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    expect([...home.hub.peers.values()]).toEqual([
      { publicKey: issued.order.publicKey, presharedKey: issued.order.presharedKey, address: expect.stringContaining('fd5e:3e0f:1a2b:ffff:') },
    ]);
    const claim = claimOf(issued);
    const answer = await home.nursery('/v1/claim', claim, issued.nursery);
    expect(answer.status).toBe(200);
    expect(lines(answer.text)).toEqual(['address', 'hub-address', 'hub-key', 'preshared-key', 'operators', 'time', 'host-certificate', '']);
    expect(answer.values).toMatchObject({
      address: 'fd5e:3e0f:1a2b:0:1::1/128',
      'hub-address': 'fd5e:3e0f:1a2b::1',
      'hub-key': home.hubKey,
      operators: 'fd5e:3e0f:1a2b:0:2::/80',
      'preshared-key': expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    });
    expect(Math.abs(Number(answer.values['time']) - Date.now() / 1000)).toBeLessThan(5);
    expect(home.hub.peers.get(claim.publicKey)).toEqual({
      publicKey: claim.publicKey,
      presharedKey: answer.values['preshared-key'],
      address: 'fd5e:3e0f:1a2b:0:1::1/128',
    });
    expect(stateOf(home)).toBe('claimed');
  });

  it("certifies the host key for the card's names, for 90 days", async () => {
    const home = await openHome();
    const issued = issue('durand', { hostname: 'maison-durand' });
    await home.take(issued.order);
    const { values } = await home.nursery('/v1/claim', claimOf(issued), issued.nursery);
    const shown = await showCertificate(values['host-certificate'] ?? '');
    expect(shown).toContain('host certificate');
    const principals = /Principals:\s+([\s\S]*?)\s+Critical/.exec(shown)?.[1]?.split(/\s+/);
    expect(principals).toEqual(['maison-durand', 'maison-durand.local', 'fd5e:3e0f:1a2b:0:1::1', 'durand']);
    const [, from = '', to = ''] = /Valid: from (\S+) to (\S+)/.exec(shown) ?? [];
    expect((Date.parse(to) - Date.parse(from)) / 3_600_000).toBeCloseTo(90 * 24 + 1, 1);
  });

  it('answers the same pair the same, before and after the confirm, and over HTTPS too', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const claim = claimOf(issued);
    const first = await home.nursery('/v1/claim', claim, issued.nursery);
    expect(same(await home.nursery('/v1/claim', claim, issued.nursery))).toBe(same(first));
    expect((await home.tunnel('/v1/confirm', {}, first.values['address'] ?? '')).status).toBe(200);
    expect(same(await home.open('/v1/claim', claim))).toBe(same(first));
    expect(same(await home.open('/v1/claim', { ...claim, hostKey: makeHostKey() }))).toBe(same(first));
    expect(stateOf(home)).toBe('confirmed');
  });

  it('certifies another host key of the same pair until the confirm', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const claim = claimOf(issued);
    const first = await home.nursery('/v1/claim', claim, issued.nursery);
    const second = await home.nursery('/v1/claim', { ...claim, hostKey: makeHostKey() }, issued.nursery);
    expect(second.values['host-certificate']).not.toBe(first.values['host-certificate']);
    expect({ ...second.values, 'host-certificate': '', time: '' }).toEqual({ ...first.values, 'host-certificate': '', time: '' });
  });

  it('over HTTPS, notes that there is no tunnel, and why; a claim through the tunnel takes that back', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const claim = claimOf(issued);
    const first = await home.open('/v1/claim', { ...claim, diagnosis: 'udp-blocked' });
    expect(first.status).toBe(200);
    expect(stateOf(home)).toBe('claimed-no-tunnel');
    expect(home.database.sql('SELECT diagnosis FROM claims').get()).toEqual({ diagnosis: 'udp-blocked' });
    expect(same(await home.nursery('/v1/claim', claim, issued.nursery))).toBe(same(first));
    expect(stateOf(home)).toBe('claimed');
  });

  it('gives a token to one of two keys that race for it, and raises one alarm for each of the others', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const claims = Array.from({ length: 8 }, (_, index) => withSerial(claimOf(issued), `card-${index}`));
    const answers = await Promise.all(claims.map((claim) => home.nursery('/v1/claim', claim, issued.nursery)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const winner = claims[answers.findIndex(({ status }) => status === 200)]?.inventory.serial;
    expect(alarmsOf(home)).toHaveLength(7);
    expect(alarmsOf(home).every(({ facts }) => (facts as { first: string }).first === winner)).toBe(true);
    expect(home.hub.peers.size).toBe(2);
  });

  it('answers two equal claims at once alike', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const claim = claimOf(issued);
    const answers = await Promise.all(Array.from({ length: 4 }, () => home.nursery('/v1/claim', claim, issued.nursery)));
    expect(new Set(answers.map(same)).size).toBe(1);
  });

  it('answers 503 while the hub fails, and goes on from there', async () => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    home.hub.broken = new Error('wg: no such device');
    const claim = claimOf(issued);
    const failed = await home.nursery('/v1/claim', claim, issued.nursery);
    expect(failed).toMatchObject({ status: 503, headers: { 'retry-after': '30' }, text: 'error try-again Home cannot write just now.\n' });
    home.hub.broken = undefined;
    expect((await home.nursery('/v1/claim', claim, issued.nursery)).status).toBe(200);
    expect(home.hub.peers.has(claim.publicKey)).toBe(true);
  });
});

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

function withSerial<T extends { inventory: object }>(claim: T, serial: string): T & { inventory: { serial: string } } {
  return { ...claim, inventory: { ...claim.inventory, serial } };
}

async function showCertificate(line: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-certificate-'));
  try {
    await writeFile(join(folder, 'x-cert.pub'), `${line}\n`);
    return (await runCommand(['ssh-keygen', '-L', '-f', join(folder, 'x-cert.pub')], { env: { TZ: 'UTC' } })).toString('utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
