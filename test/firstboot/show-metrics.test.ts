import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { openNetwork, type TrialNetwork, whyNoNetwork } from '../../builder/try/network.ts';
import { CARD_CONF, renderCardConf } from '../../protocol/card-conf.ts';
import { run } from '../home/hub-side.ts';
import { metricsIn, readRules } from '../monitoring/monitoring-files.ts';
import { until } from '../until.ts';

const PROGRAM = join(import.meta.dirname, '../../firstboot/files/usr/lib/semeur/show-metrics');
const [ADDRESS, LAN] = ['fd5e:3e0f:1a2b:0:1::7', '2001:db8::7'];
const noNetwork = await whyNoNetwork();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A network with a card's two sides: "lan", and, in the place of the tunnel, a cable that goes nowhere. */
async function cardNetwork(tunnel: 'up' | 'missing'): Promise<TrialNetwork> {
  const network = await openNetwork({ signal: new AbortController().signal });
  ends.push(() => network.close());
  const names = tunnel === 'up' ? ['lan', 'semeur'] : ['lan'];
  for (const name of names) {
    await run(network, 'ip', 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', `${name}-end`);
    await run(network, 'ip', 'address', 'add', name === 'lan' ? `${LAN}/64` : `${ADDRESS}/128`, 'dev', name, 'nodad');
    for (const end of [name, `${name}-end`]) await run(network, 'ip', 'link', 'set', end, 'up');
  }
  return network;
}

/** A root with the lists that the builder lays on the card. */
async function makeRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'semeur-metrics-'));
  ends.push(() => rm(root, { recursive: true }));
  await mkdir(dirname(join(root, CARD_CONF)), { recursive: true });
  await writeFile(join(root, CARD_CONF), renderCardConf());
  return root;
}

function start({ enter }: TrialNetwork, root: string) {
  return execa(enter[0] ?? '', [...enter.slice(1), 'sh', PROGRAM], { env: { ROOT: root }, reject: false, all: true, stdin: 'ignore' });
}

/** What a card always has, and a machine for tests may not: a disk of its kind, and a root file system on one. */
async function lacking(): Promise<string[]> {
  const [disks, mounts] = await Promise.all(['/proc/diskstats', '/proc/1/mounts'].map((file) => readFile(file, 'utf8')));
  return [
    ...(/ (?:mmcblk\d+|sd[a-z]+|vd[a-z]+|nvme\d+n\d+) /.test(disks ?? '') ? [] : ['node_disk_written_bytes_total']),
    ...(/^\S+ \/ (?:overlay|squashfs|tmpfs) /m.test(mounts ?? '') ? ['node_filesystem_readonly'] : []),
  ];
}

describe.skipIf(noNetwork)(`show-metrics${noNetwork ? `: ${noNetwork}` : ''}`, () => {
  it("listens at the card's address in the tunnel alone, and says what the alert rules ask, in little", async () => {
    const network = await cardNetwork('up');
    const exporter = start(network, await makeRoot());
    ends.push(async () => {
      exporter.kill();
      await exporter;
    });
    const fetch = (address: string, ...options: string[]) =>
      execa(network.enter[0] ?? '', [...network.enter.slice(1), 'curl', '--silent', '--globoff', ...options, `http://${address}:9100/metrics`], {
        reject: false,
        encoding: 'buffer',
      });
    await until(async () => (await fetch(`[${ADDRESS}]`)).exitCode === 0);
    // Refused, not filtered.
    for (const address of ['127.0.0.1', '[::1]', `[${LAN}]`]) expect((await fetch(address)).exitCode, address).toBe(7);

    const { stdout } = await fetch(`[${ADDRESS}]`, '--header', 'Accept-Encoding: gzip');
    // docs/sobriety.md counts with 1,450.
    expect(stdout.length).toBeLessThan(1600);
    const text = gunzipSync(stdout).toString('utf8');
    const asked = metricsIn((await readRules()).map(({ expr }) => expr)).filter((name) => name.startsWith('node_'));
    const lacks = await lacking();
    expect(asked.filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(text))).toEqual(asked.filter((name) => lacks.includes(name)));
    expect(text.match(/^node_scrape_collector_success\{collector="(\w+)"\} 1$/gm)).toHaveLength(3);
    expect(text).not.toMatch(/^(?:go|process)_/m);
    for (const line of text.match(/^node_filesystem_\w+\{.*/gm) ?? []) expect(line).toContain('mountpoint="/"');
  });

  it('fails where there is no tunnel yet, for systemd to try again', async () => {
    const { exitCode, all } = await start(await cardNetwork('missing'), await makeRoot());
    expect([exitCode, all.split('\n').at(-1)]).toEqual([1, 'there is no tunnel yet']);
  });
});
