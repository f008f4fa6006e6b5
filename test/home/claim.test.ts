import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../kit/command.ts';
import { alarmsOf, closeHomes, issue, openHome, stateOf } from './open-home.ts';
import { claimOf, makeHostKey, withSerial } from './sample-fleet.ts';

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

async function showCertificate(line: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-certificate-'));
  try {
    await writeFile(join(folder, 'x-cert.pub'), `${line}\n`);
    return (await runCommand(['ssh-keygen', '-L', '-f', join(folder, 'x-cert.pub')], { env: { TZ: 'UTC' } })).toString('utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
