import { chmod, rm, stat, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { BUSYBOX, type Card, DASH, makeCard, REGION, SHELLS } from './card.ts';
import { enrolledCard, plant, plantedCard } from './enrolled-card.ts';
import { CARD_ADDRESS, findNoHub, HUB, type Hub, makeHub, OPERATOR } from './hub.ts';

let key: SeedKey;
const noHub = await findNoHub();
const hubs: Hub[] = [];
beforeAll(async () => {
  key = await makeSeedKey();
});
afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
});
afterAll(removeMade);

async function openHub(): Promise<Hub> {
  const hub = await makeHub();
  hubs.push(hub);
  return hub;
}

const interfaces = async (hub: Hub) => {
  const [first = '', ...argv] = [...hub.within, 'ip', '-o', 'link', 'show'];
  return [...(await execa(first, argv)).stdout.matchAll(/\d+: (semeur[^:@]*)/g)].map((match) => match[1]).sort();
};

describe.skipIf(noHub)(`an enrolment (home is a stand-in, the hub wireguard-go)${noHub ? `, skipped: ${noHub}` : ''}`, { timeout: 300_000 }, () => {
  for (const shell of SHELLS) {
    it(`claims through the tunnel, goes over to a key of its own, confirms, and wipes, under ${shell.join(' ')}`, async () => {
      const hub = await openHub();
      const card = await enrolledCard(key, hub, shell);
      const lines = (await card.read('dev/console')).split('\n').filter((line) => /^semeur: (claimed|confirmed|enrolled|card ready)/.test(line));
      expect(lines).toEqual([
        `semeur: claimed address=${CARD_ADDRESS}/128`,
        'semeur: confirmed',
        `semeur: enrolled host=durand address=${CARD_ADDRESS}/128`,
        expect.stringContaining('region=wiped'),
      ]);
      expect(await interfaces(hub)).toEqual(['semeur']);
      await expect(stat(card.path('boot/firmware/semeur.seed'))).rejects.toThrow('ENOENT');
      for (const secret of ['etc/semeur/vpn.conf', 'etc/semeur/vpn.key', 'var/lib/semeur/claim']) {
        expect((await stat(card.path(secret))).mode & 0o777, secret).toBe(0o600);
      }
      const certificate = await execa('ssh-keygen', ['-L', '-f', card.path('etc/ssh/ssh_host_ed25519_key-cert.pub')]);
      expect(certificate.stdout).toContain('host certificate');
      expect(await card.read('etc/ssh/semeur_principals')).toBe('durand\n');
      expect(await card.read('etc/ssh/semeur_user_ca.pub')).toMatch(/^ssh-ed25519 /);
      const [claim] = await hub.requests();
      expect(JSON.parse(claim?.body ?? '')).toMatchObject({
        ...{ token: 'token-1', generation: 1 },
        inventory: { serial: '10000000abcdef01', model: 'Raspberry Pi 4 Model B x Rev 1.4', mac: '', profile: 'maison', build: '0' },
      });
    });
  }

  it('goes on to the next endpoint where DNS lies, and remembers the one that answered', async () => {
    const hub = await openHub();
    const files = await hub.seedFiles();
    const vpn = String(files.get('enrol/vpn.conf')).replace('# Endpoint', '# Endpoint = vpn.example:51820\n# Endpoint');
    const card = await makeCard(key, hub.within);
    await writeFile(card.path('fake-bin/getent'), `#!/bin/sh\necho "$*" >>'${card.path('asked')}'\necho '198.51.100.77 STREAM vpn.example'\n`);
    await chmod(card.path('fake-bin/getent'), 0o755);
    await card.dropSeed(await makeSeed(key, {}, new Map([...files, ['enrol/vpn.conf', Buffer.from(vpn)]])));
    await card.run(DASH, 'run', 'early');
    expect(await card.run(DASH, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
    expect(await card.read('asked')).toBe('ahosts vpn.example\n');
    expect(await card.read('var/lib/semeur/endpoint')).toBe('198.51.100.1:51820\n');
    expect(JSON.parse((await hub.requests())[0]?.body ?? '')).not.toHaveProperty('diagnosis');
  });

  it('goes over HTTPS when UDP is blocked, reports, and confirms by itself once it is not', async () => {
    const hub = await openHub();
    await hub.letUdp(false);
    const card = await plantedCard(key, hub);
    const running = await card.start(BUSYBOX, 'run', 'enrol');
    // A busy machine may keep the card from home for one of its tries, and it waits between two of them.
    await expect.poll(() => card.read('dev/console'), { timeout: 120_000 }).toContain('UDP');
    const requests = await hub.requests();
    expect([...new Set(requests.map(({ url, from }) => `${url} ${from}`))]).toEqual(['/v1/claim 198.51.100.2', '/v1/report 198.51.100.2']);
    const [claim, report] = ['/v1/claim', '/v1/report'].map((path) => requests.find(({ url }) => url === path));
    expect(JSON.parse(claim?.body ?? '')).toMatchObject({ diagnosis: 'udp-blocked' });
    await checkSignature(card, report?.body ?? '', report?.signature ?? '');
    // What needs no home is done meanwhile; the seed stays.
    await expect.poll(() => card.read('boot/firmware/semeur-report.txt')).toContain('is not enrolled');
    expect(await card.read('etc/motd')).toBe('Bonjour\n');
    await stat(card.path('boot/firmware/semeur.seed'));
    await hub.letUdp(true);
    expect(await running.ended).toMatchObject({ exitCode: 0 });
    expect(await card.read('dev/console')).toContain('semeur: confirmed');
    expect(await interfaces(hub)).toEqual(['semeur']);
  });

  it('tells a second card with the same seed what to ask for, and keeps the seed', async () => {
    const hub = await openHub();
    const files = await makeSeed(key, {}, await hub.seedFiles());
    await enrolledCard(key, hub);
    for (const name of await interfaces(hub)) await execa(hub.within[0] ?? '', [...hub.within.slice(1), 'ip', 'link', 'delete', name ?? '']);
    const second = await makeCard(key, hub.within);
    await second.putOnDisk(files, REGION.offset);
    await second.run(DASH, 'run', 'early');
    const { exitCode, output } = await second.run(DASH, 'run', 'enrol');
    expect(exitCode).toBe(1);
    expect(output).toContain('semeur: needs help: 409 conflict');
    expect(await second.read('boot/firmware/semeur-report.txt')).toContain('another card was enrolled with the same file. Ask your co-operative');
    expect((await second.onDisk(REGION.offset, files.length)).equals(files)).toBe(true);
    expect(await second.read('run/semeur/state')).toBe('needs-help\n');
  });

  it('keeps the old tunnel of a card that is enrolled anew until the new one is confirmed', async () => {
    const hub = await openHub();
    const card = await enrolledCard(key, hub);
    const before = await card.read('etc/semeur/vpn.conf');
    await hub.reissue();
    await card.restart();
    await plant(card, key, hub, 2);
    await card.run(DASH, 'enrol.d/30-vpn');
    await card.run(DASH, 'enrol.d/40-claim');
    expect(await card.read('etc/semeur/vpn.conf')).toBe(before);
    expect(await interfaces(hub)).toEqual(['semeur', 'semeur-boot']);
    expect(await card.run(DASH, 'run', 'enrol')).toMatchObject({ exitCode: 0 });
    expect(await card.read('etc/semeur/vpn.conf')).toContain(`Address = ${CARD_ADDRESS.replace(/7$/, '8')}/128`);
    expect(await interfaces(hub)).toEqual(['semeur']);
    await card.run(DASH, 'heartbeat');
    expect((await hub.requests()).at(-1)).toMatchObject({ url: '/v1/heartbeat', from: CARD_ADDRESS.replace(/7$/, '8') });
  });

  it('beats: one more at each boot, and once the tunnel is up again', async () => {
    const hub = await openHub();
    const card = await enrolledCard(key, hub);
    expect(await card.run(DASH, 'heartbeat')).toEqual({ exitCode: 0, output: '' });
    // The next is not due yet.
    await card.run(DASH, 'heartbeat');
    await execa(hub.within[0] ?? '', [...hub.within.slice(1), 'ip', 'link', 'delete', 'semeur']);
    await card.restart();
    await writeFile(card.path('proc/sys/kernel/random/boot_id'), 'another\n');
    expect(await card.run(BUSYBOX, 'vpn-up')).toEqual({ exitCode: 0, output: '' });
    expect(await card.run(BUSYBOX, 'heartbeat')).toEqual({ exitCode: 0, output: '' });
    const beats = (await hub.requests()).filter(({ url }) => url === '/v1/heartbeat').map(({ body }) => JSON.parse(body));
    // Each time that services were looked at for the first time after a start, that is told at once.
    expect(beats).toHaveLength(4);
    expect(beats.map(({ illServices }) => illServices)).toEqual([undefined, [], undefined, []]);
    expect(beats[0]).toMatchObject({
      bootCounter: 1,
      serial: '10000000abcdef01',
      uptime: 12,
      remoteAccess: 'on',
      report: 'done',
      failedUnits: [],
      build: '0',
    });
    expect(beats[0]).toMatchObject({ temperature: null, underVoltage: null, rootFree: expect.any(Number), rootSize: expect.any(Number) });
    expect(beats[0].certificateExpires / 1000).toBeCloseTo(Date.now() / 1e6 + 90 * 86.4, -1);
    expect(beats[2]).toMatchObject({ bootCounter: 2, bootId: 'another', report: 'working' });
  });

  it('opens SSH, the metrics and what services open to it to the tunnel alone, and to no operator once the client says so', async () => {
    const hub = await openHub();
    const card = await enrolledCard(key, hub);
    for (const port of ['22', '9100', '8480', '5222', '7000', '443']) await hub.listenOnCard(port);
    const open = (from: string, to: string) => hub.reaches(from, to, ['22', '9100', '80', '5222', '7000', '443']);
    expect(await open('198.51.100.1', '198.51.100.2')).toEqual(['80']);
    // Somebody beyond a router that lets everything in.
    await hub.run('ip', 'address', 'add', '203.0.113.9/32', 'dev', 'hub0');
    await execa(hub.within[0] ?? '', [...hub.within.slice(1), 'ip', 'route', 'add', '203.0.113.0/24', 'via', '198.51.100.1']);
    expect(await open('203.0.113.9', '198.51.100.2')).toEqual([]);
    expect(await open(OPERATOR, CARD_ADDRESS)).toEqual(['22', '9100']);
    expect(await open(HUB, CARD_ADDRESS)).toEqual(['22', '9100']);
    // A service has port 80, so the status page leaves it.
    await writeFile(card.path('usr/lib/semeur/profile/ports.list'), 'lan\ttcp\t80\nlan\ttcp\t5222\nvpn\ttcp\t7000\nvisitors\ttcp\t443\n');
    await card.run(BUSYBOX, 'firewall');
    expect(await open('198.51.100.1', '198.51.100.2')).toEqual(['5222']);
    expect(await open('203.0.113.9', '198.51.100.2')).toEqual([]);
    expect(await open(OPERATOR, CARD_ADDRESS)).toEqual(['22', '9100', '7000']);
    expect(await open(HUB, CARD_ADDRESS)).toEqual(['22', '9100', '7000', '443']);
    const held = await Promise.all([OPERATOR, HUB].map((from) => hub.hold(from, CARD_ADDRESS, '22')));
    const metrics = await hub.hold(HUB, CARD_ADDRESS, '9100');
    expect(await card.run(DASH, '/usr/sbin/semeur-remote', 'off')).toEqual({ exitCode: 0, output: '' });
    expect(await open(OPERATOR, CARD_ADDRESS)).toEqual([]);
    // An operator who works on home's own machine comes from its address. What home asks for itself goes on.
    expect(await Promise.all([...held, metrics].map(({ cut }) => cut))).toEqual([true, true, false]);
    expect(await open(HUB, CARD_ADDRESS)).toEqual(['9100', '443']);
    expect(await card.run(DASH, '/usr/sbin/semeur-remote')).toEqual({ exitCode: 0, output: 'off' });
    // At each boot it is loaded as the client left it.
    await execa(hub.within[0] ?? '', [...hub.within.slice(1), 'nft', 'flush', 'ruleset']);
    await card.run(BUSYBOX, 'firewall');
    expect(await open(OPERATOR, CARD_ADDRESS)).toEqual([]);
    await card.run(BUSYBOX, '/usr/sbin/semeur-remote', 'on');
    expect(await open('203.0.113.9', '198.51.100.2')).toEqual([]);
    expect(await open(OPERATOR, CARD_ADDRESS)).toEqual(['22', '9100', '7000']);
    expect(await open(HUB, CARD_ADDRESS)).toEqual(['22', '9100', '7000', '443']);
  });
});

async function checkSignature(card: Card, body: string, signature: string): Promise<void> {
  const file = card.path('run/signature');
  const lines = signature.match(/.{1,70}/g) ?? [];
  await writeFile(file, `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`);
  await writeFile(`${file}.signers`, `card ${await card.read('etc/ssh/ssh_host_ed25519_key.pub')}`);
  await execa('ssh-keygen', ['-Y', 'verify', '-f', `${file}.signers`, '-I', 'card', '-n', 'semeur-report', '-s', file], { input: body });
  await rm(file);
}
