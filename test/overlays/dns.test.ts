import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../until.ts';
import { makeServiceCard, type ServiceCard, whyNoService } from './service-card.ts';

const reason = await whyNoService('dnsmasq', 'busybox');
const SETTINGS = { block: 'Tracker.example.net\nnot a name\nevil.example/\n', allow: 'good.ads.example', servers: '127.0.0.53' };
const HOSTS = '# a hosts file\r\n127.0.0.1 localhost\n0.0.0.0 ads.example # everywhere\nplain.example\nserver=/x.example/192.0.2.66\ncom\n1.2.3.4\n';

describe.skipIf(reason)(`the name server of a home (${reason ?? 'dnsmasq'})`, () => {
  let card: ServiceCard;
  const program = (name: string) => card.path(`usr/lib/semeur/${name}`);
  const ask = async (name: string, server = '127.0.0.1') => {
    const { output } = await card.run('timeout', '10', 'busybox', 'nslookup', '-type=a', name, server);
    return /NXDOMAIN/.test(output) ? 'unknown' : (output.match(/^Address: ([0-9.]+)$/m)?.[1] ?? output);
  };
  const writeNames = async () => card.run('sh', '-c', '"$1" "$2" >"$ROOT/run/semeur-dns/names"', 'sh', program('dns/names'), card.path('state'));

  beforeAll(async () => {
    card = await makeServiceCard('dns', SETTINGS);
    await card.run(
      'sh',
      '-c',
      'ip link add eth0 type veth peer name cable && ip link set cable up && ip address add 192.168.7.2/24 dev eth0 && ip link set eth0 up && ip route add default via 192.168.7.1',
    );
    await mkdir(card.path('etc/semeur-dns/lists.d'), { recursive: true });
    await writeFile(card.path('etc/semeur-dns/lists.d/ours'), HOSTS);
    await mkdir(card.path('state'));
    await mkdir(card.path('run/semeur-dns'), { recursive: true });
    await card.run('sh', '-c', '"$1" >"$ROOT/run/semeur-dns/upstream"', 'sh', program('dns/upstream'));
    await mkdir(card.path('sys/class/net/eth0/device'), { recursive: true });
    await mkdir(card.path('sys/class/net/lo'));
    await writeFile(card.path('etc/hostname'), 'durand\n');
    await card.run('sh', '-c', '"$1" >"$ROOT/run/semeur-dns/own-name"', 'sh', program('dns/own-name'));
    await writeNames();
    // Where systemd-resolved answers to the card itself, a router that knows everything.
    const router = ['--address=/#/192.0.2.7', '--listen-address=127.0.0.53', '--bind-interfaces', '--no-resolv', '--no-hosts'];
    card.start('dnsmasq', '--keep-in-foreground', '--user=root', '--conf-file=/dev/null', '--pid-file', ...router);
    const config = await readFile(program('dns/dnsmasq.conf'), 'utf8');
    await writeFile(card.path('dnsmasq.conf'), config.replaceAll(/\/run\/semeur/g, `${card.root}$&`));
    card.start(
      'dnsmasq',
      '--keep-in-foreground',
      '--user=root',
      `--conf-file=${card.path('dnsmasq.conf')}`,
      '--pid-file=/run/pid',
      '--log-facility=-',
    );
    await until(async () => (await card.run(program('health.d/dns'))).exitCode === 0);
  });

  afterAll(() => card?.close());

  it('asks the router what it does not know, beside what answers at 127.0.0.53', async () => {
    expect(await ask('www.example.org')).toBe('192.0.2.7');
    expect(await ask('www.example.org', '192.168.7.2')).toBe('192.0.2.7');
  });

  it('does not know what the client and the lists name, nor what is below it, but for what the client wants to know', async () => {
    for (const name of ['tracker.example.net', 'a.tracker.example.net', 'ads.example', 'plain.example', 'use-application-dns.net'])
      expect(await ask(name), name).toBe('unknown');
    for (const name of ['good.ads.example', 'x.example', 'example.com', 'evil.example']) expect(await ask(name), name).toBe('192.0.2.7');
  });

  it('takes nothing but names from a list', async () => {
    const { output } = await card.run(program('dns/names'), card.path('state'));
    expect(output.split('\n')).toEqual([
      'server=/use-application-dns.net/',
      'server=/ads.example/',
      'server=/plain.example/',
      'server=/tracker.example.net/',
      'server=/good.ads.example/#',
    ]);
  });

  it('takes a newer list in without a restart', async () => {
    expect(await ask('new.example')).toBe('192.0.2.7');
    await writeFile(card.path('state/list'), '0.0.0.0 new.example\n');
    await writeNames();
    await card.run('sh', '-c', 'kill -HUP "$(cat /run/pid)"');
    await until(async () => (await ask('new.example')) === 'unknown', 5);
  });

  it("knows the card's own name, and sends no other of the kind on", async () => {
    expect(await ask('durand.local', '192.168.7.2')).toBe('192.168.7.2');
    expect(await ask('printer.local')).toBe('unknown');
  });

  it('asks whom the client chose, else whom the router named, else the router, never itself', async () => {
    const conf = card.path('etc/semeur-dns/names.conf');
    const resolv = card.path('resolv.conf');
    const upstream = async () => (await card.run(program('dns/upstream'), resolv)).output;
    expect(await upstream()).toBe('nameserver 127.0.0.53');
    const said = await readFile(conf, 'utf8');
    await writeFile(conf, said.replace(/^server .*$/m, ''));
    await writeFile(resolv, '# by resolved\nnameserver 192.168.7.2\nnameserver 198.51.100.1\nsearch home\n');
    expect(await upstream()).toBe('nameserver 198.51.100.1');
    await writeFile(resolv, 'nameserver 192.168.7.2\n');
    expect(await upstream()).toBe('nameserver 192.168.7.1');
    await writeFile(conf, said);
  });

  it('fetches no list where the client names none', async () => {
    await writeFile(card.path('state/list'), 'old.example\n');
    expect(await card.run('env', `STATE_DIRECTORY=${card.path('state')}`, program('dns/fetch-list'))).toEqual({ exitCode: 0, output: '' });
    await expect(readFile(card.path('state/list'))).rejects.toThrow('ENOENT');
  });
});
