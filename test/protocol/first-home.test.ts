import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import type { ClientKeys } from '../../builder/seed/keys.ts';
import { makeOrder } from '../../builder/seed/order.ts';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import { DASH } from '../firstboot/card.ts';
import { wellCard } from '../firstboot/well-card.ts';
import { removeMade } from '../seed/seed-key.ts';
import { FIRST_RELEASE } from './first-release/schemas.ts';

afterAll(removeMade);

/** What `build` makes. */
function orderOf(fields: Partial<ClientKeys> = {}, settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {}) {
  const vpn = makeVpnKey();
  const keys = { generation: 1, vpn, presharedKey: vpn.publicKey, token: 'token', tokenExpires: '2027-01-01T00:00:00.000Z', ...fields };
  const operator = { vpn: { prefix: 'fd5e:3e0f:1a2b::/48' }, language: 'fr' };
  const client = { client: 'durand', hostname: 'durand', language: 'fr', profile: 'maison', settings };
  const overlays = new Map([['website', { settings: { domain: { domain: true } } }]]);
  type Made = Parameters<typeof makeOrder>;
  return makeOrder(client as unknown as Made[0], operator as Made[1], keys as unknown as Made[2], overlays as unknown as Made[3]);
}

describe('home of 0.1.0, which refuses every key that it does not know', () => {
  it.each([
    ['as it is', {}, {}],
    ['with a site on the internet', {}, { website: { domain: 'durand.example.org' } }],
    ['revoked', { revoked: true as const }, {}],
  ])("takes this builder's order %s", (_, fields, settings) => {
    expect(FIRST_RELEASE.order.parse(JSON.parse(JSON.stringify(orderOf(fields, settings))))).toMatchObject({ client: 'durand' });
  });

  it('does not take a renewed one, and nothing else keeps it from it: home goes first', () => {
    const { error } = FIRST_RELEASE.order.safeParse(orderOf({ renewed: true }));
    expect(error?.issues).toEqual([expect.objectContaining({ code: 'unrecognized_keys', keys: ['renewed'] })]);
  });
});

describe("a card of today's, at a home of 0.1.0 (curl is a stand-in)", { timeout: 60_000 }, () => {
  it('sends claim, heartbeat and report as that home takes them', async () => {
    const card = await wellCard();
    for (const folder of ['run/semeur/enrol', 'etc/ssh']) await mkdir(card.path(folder), { recursive: true });
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', card.path('etc/ssh/ssh_host_ed25519_key')]);
    await writeFile(card.path('run/semeur/enrol/token'), 'token\n');
    await writeFile(card.path('run/semeur/enrol/home.conf'), `client durand\nurl https://home.example\npin sha256//${'A'.repeat(43)}=\n`);
    await writeFile(card.path('run/semeur/enrol/vpn.conf'), '# Endpoint = 192.0.2.10:443\n');
    await writeFile(card.path('var/lib/semeur/claim'), 'diagnosis udp-blocked\n');
    await writeFile(card.path('var/lib/semeur/seed/header'), 'SEMEUR-SEED 1\ngeneration 3\n');
    await writeFile(card.path('run/semeur/ill'), 'website\n');
    await writeFile(card.path('var/lib/semeur/backup-state'), 'at 1790000000\nfailed no\nrestore-at 1780000000\nrestore-failed no\n');
    await writeFile(card.path('var/lib/semeur/updates-state'), 'at 1790000000\nfailed no\nreboot yes\n');
    await writeFile(card.path('fake-bin/curl'), `#!/bin/sh\ncat >'${card.path('report')}'\nprintf 200\n`);
    await chmod(card.path('fake-bin/curl'), 0o755);
    const parts = 'report.sh keep.sh disk.sh seed.sh network.sh home.sh identity.sh request.sh health.sh';
    const script = `for part in ${parts}; do . "$ROOT/usr/lib/semeur/$part"; done\nwrite_request udp-blocked\ncat "$request"\nhealth\n`;
    await writeFile(card.path('usr/lib/semeur/say'), `#!/bin/sh\nset -eu\n${script}`);
    const { output } = await card.run(DASH, 'say');
    const [claim = '', heartbeat = ''] = output.split('\n');
    expect(FIRST_RELEASE.claim.parse(JSON.parse(claim))).toMatchObject({ generation: 3, diagnosis: 'udp-blocked' });
    expect(FIRST_RELEASE.heartbeat.parse(JSON.parse(heartbeat))).toMatchObject({ illServices: ['website'], backup: { failed: false } });
    expect(await card.run(DASH, 'send-report')).toMatchObject({ exitCode: 0 });
    expect(FIRST_RELEASE.report.parse(JSON.parse(await card.read('report')))).toMatchObject({ client: 'durand' });
  });
});
