import { afterEach, describe, expect, it } from 'vitest';
import { loopbackOf, tunnelSources } from '../../home/answers/sources.ts';
import { renderHead, renderLabels, renderSample } from '../../home/metrics/text.ts';
import { planNetwork } from '../../protocol/addresses.ts';
import { closeHomes, enrol, heartbeatOf, issue, NO_LIMITS, type OpenHome, openHome } from './open-home.ts';
import { claimOf } from './sample-fleet.ts';

afterEach(closeHomes);

/** The samples of a scrape, "name{labels}" → value; all of a client's, or all. */
async function scrape(home: OpenHome, client?: string): Promise<Record<string, number>> {
  const { status, text, headers } = await home.metrics('/metrics');
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && (client === undefined || line.includes(`client="${client}"`)));
  return Object.fromEntries(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

async function orderedCard(home: OpenHome, client = 'durand') {
  const issued = issue(client);
  await home.take(issued.order);
  return issued;
}

const stateIn = (samples: Record<string, number>) =>
  Object.keys(samples).filter((name) => name.startsWith('semeur_card_state{') && samples[name] === 1);

describe('GET /metrics', () => {
  it('tells of a card that never called what is known of it, and no more', async () => {
    const home = await openHome();
    await orderedCard(home);
    const samples = await scrape(home, 'durand');
    expect(stateIn(samples)).toEqual(['semeur_card_state{client="durand",state="ordered"}']);
    expect(Object.keys(samples).filter((name) => !name.startsWith('semeur_card_state{'))).toEqual([
      'semeur_card_info{client="durand",hostname="durand",profile="maison",generation="1"}',
      'semeur_card_state_timestamp_seconds{client="durand"}',
    ]);
    expect(samples['semeur_card_state_timestamp_seconds{client="durand"}']).toBeCloseTo(Date.now() / 1000, -1);
  });

  it('tells what the last heartbeat said, in base units', async () => {
    const home = await openHome();
    const address = await enrol(home, await orderedCard(home));
    const backup = { at: 1_790_000_000, failed: true, restoreAt: null, restoreFailed: false };
    const updates = { at: 1_790_000_001, failed: false, reboot: true };
    const clock = Math.floor(Date.now() / 1000) + 7200;
    const fields = {
      failedUnits: ['a.service', 'b.service'],
      remoteAccess: 'off',
      underVoltage: true,
      bootCounter: 12,
      backup,
      updates,
      clock,
    } as const;
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf({ ...fields, failedUnits: [...fields.failedUnits] }), address)).status).toBe(200);
    const samples = await scrape(home, 'durand');
    const values = Object.fromEntries(Object.entries(samples).map(([name, value]) => [name.replace('client="durand"', ''), value]));
    expect(values).toMatchObject({
      ...{ 'semeur_card_temperature_celsius{}': 45, 'semeur_card_root_free_bytes{}': 20e9, 'semeur_card_root_size_bytes{}': 30e9 },
      ...{ 'semeur_card_failed_units{}': 2, 'semeur_card_remote_access{}': 0, 'semeur_card_under_voltage{}': 1, 'semeur_card_boots_total{}': 12 },
      ...{ 'semeur_card_report{,report="done"}': 1, 'semeur_card_report{,report="needs-help"}': 0 },
      ...{ 'semeur_card_backup_timestamp_seconds{}': 1_790_000_000, 'semeur_card_backup_failed{}': 1 },
      ...{ 'semeur_card_restore_test_timestamp_seconds{}': 0, 'semeur_card_restore_test_failed{}': 0 },
      ...{ 'semeur_card_updates_timestamp_seconds{}': 1_790_000_001, 'semeur_card_updates_failed{}': 0, 'semeur_card_reboot_wanted{}': 1 },
    });
    expect(values['semeur_card_clock_offset_seconds{}']).toBeCloseTo(7200, -1);
    expect(values['semeur_card_last_heartbeat_timestamp_seconds{}']).toBeCloseTo(Date.now() / 1000, -1);
    expect(values['semeur_card_certificate_expiry_timestamp_seconds{}']).toBeCloseTo(Date.now() / 1000 + 80 * 86_400, -1);
  });

  it("tells how services of an operator's own went, each by its names, and of backups and updates by metrics of their own alone", async () => {
    const home = await openHome();
    const address = await enrol(home, await orderedCard(home));
    const status = { notes: { moments: { at: null, lastSync: 1_790_000_000 }, flags: { full: true }, troubles: { failed: false } } };
    const updates = { at: 1_790_000_001, failed: true, reboot: false };
    await home.tunnel('/v1/heartbeat', heartbeatOf({ status, updates }), address);
    const told = Object.entries(await scrape(home, 'durand')).filter(([name]) => name.startsWith('semeur_card_status'));
    expect(Object.fromEntries(told)).toEqual({
      'semeur_card_status_timestamp_seconds{client="durand",service="notes",field="at"}': 0,
      'semeur_card_status_timestamp_seconds{client="durand",service="notes",field="lastSync"}': 1_790_000_000,
      'semeur_card_status_flag{client="durand",service="notes",field="full"}': 1,
      'semeur_card_status_trouble{client="durand",service="notes",field="failed"}': 0,
    });
  });

  it('has no number where a card has none, nor of backups and updates where it makes none', async () => {
    const home = await openHome();
    const address = await enrol(home, await orderedCard(home));
    await home.tunnel('/v1/heartbeat', heartbeatOf({ temperature: null, underVoltage: null, rootFree: null }), address);
    const names = Object.keys(await scrape(home, 'durand')).join('\n');
    expect(names).toContain('semeur_card_root_size_bytes');
    expect(names).not.toMatch(/temperature|under_voltage|root_free|backup|restore|updates|reboot/);
  });

  it('keeps to itself what a silent card said long ago', async () => {
    const home = await openHome();
    await home.tunnel('/v1/heartbeat', heartbeatOf(), await enrol(home, await orderedCard(home)));
    const long = Date.now() - 3_600_000;
    home.database.durably(() => {
      home.database.sql('UPDATE heartbeats SET at = ?').run(long);
      home.database.sql('UPDATE clients SET state_since = ?').run(long - 1000);
    });
    const samples = await scrape(home, 'durand');
    expect(stateIn(samples)).toEqual(['semeur_card_state{client="durand",state="silent"}']);
    expect(samples['semeur_card_state_timestamp_seconds{client="durand"}']).toBe(long / 1000);
    expect(samples['semeur_card_last_heartbeat_timestamp_seconds{client="durand"}']).toBe(long / 1000);
    expect(Object.keys(samples).join('\n')).not.toMatch(/temperature|failed_units|clock_offset/);
  });

  it("counts alarms by kind, home's own work, and refusals by word", async () => {
    const home = await openHome();
    const issued = await orderedCard(home);
    const address = await enrol(home, issued);
    await home.open('/v1/claim', claimOf(issued, { serial: 'another' }));
    await home.open('/v1/claim', claimOf(issued, { serial: 'another' }));
    await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    await home.tunnel('/v1/nowhere', {}, address);
    await orderedCard(home, 'martin');
    const samples = await scrape(home);
    expect(samples).toMatchObject({
      'semeur_card_alarms_total{client="durand",kind="second-card"}': 2,
      ...{ 'semeur_home_peers{kind="card"}': 1, 'semeur_home_peers{kind="seed"}': 1, semeur_home_heartbeats_total: 1 },
      ...{ 'semeur_home_refusals_total{word="token-used"}': 2, 'semeur_home_refusals_total{word="not-found"}': 1 },
    });
    expect(samples['semeur_card_last_alarm_timestamp_seconds{client="durand",kind="second-card"}']).toBeCloseTo(Date.now() / 1000, -1);
    expect(samples['semeur_home_database_bytes']).toBeGreaterThan(4096);
  });

  it('says each sample once, the samples of one metric together, for more cards than it reads at a time', async () => {
    const home = await openHome();
    for (let number = 0; number < 250; number++) await home.take(issue(`client-${number}`).order);
    const { text } = await home.metrics('/metrics');
    const samples = text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(samples).size).toBe(samples.length);
    expect(samples.filter((line) => line.startsWith('semeur_card_info{'))).toHaveLength(250);
    const names = samples.map((line) => line.split('{')[0]);
    expect(names.filter((name, index) => name !== names[index - 1])).toEqual([...new Set(names)]);
  });
});

describe('GET /targets', () => {
  it('names each confirmed card, and none that is not, or not any more', async () => {
    const home = await openHome(undefined, NO_LIMITS);
    await orderedCard(home, 'martin');
    const first = await orderedCard(home);
    const address = await enrol(home, first);
    const target = { targets: [`[${address}]:9100`], labels: { client: 'durand', hostname: 'durand', profile: 'maison', generation: '1' } };
    const targets = async () => JSON.parse((await home.metrics('/targets')).text);
    expect(await targets()).toEqual([target]);
    // The card before is asked until its successor confirms.
    const second = issue('durand', { generation: 2 });
    await home.take(second.order);
    expect(await targets()).toEqual([target]);
    const later = await enrol(home, second);
    expect(await targets()).toEqual([{ targets: [`[${later}]:9100`], labels: { ...target.labels, generation: '2' } }]);
    await home.take({ ...second.order, revoked: true });
    const { text, headers } = await home.metrics('/targets');
    expect([text, headers['content-type']]).toEqual(['[]', 'application/json; charset=utf-8']);
  });
});

describe('the listener for those who watch', () => {
  it('says nothing at all to a card, and has no route of the others', async () => {
    const home = await openHome();
    const address = await enrol(home, await orderedCard(home));
    for (const path of ['/metrics', '/targets']) await expect(home.metrics(path, loopbackOf(address))).rejects.toThrow(/hang up|ECONNRESET/);
    expect((await home.metrics('/v1/time')).status).toBe(404);
    for (const path of ['/metrics', '/targets']) {
      expect((await home.tunnel(path, undefined, address)).status).toBe(404);
      expect((await home.open(path, undefined)).status).toBe(404);
    }
  });

  it("is for home's own machine and operators, by the address that WireGuard proves", () => {
    const { isWatcher } = tunnelSources(planNetwork('fd5e:3e0f:1a2b::/48'));
    const [own, operators] = [
      ['fd5e:3e0f:1a2b::1', '::1'],
      ['fd5e:3e0f:1a2b:0:2::5', 'fd5e:3e0f:1a2b:0:2:ffff:ffff:ffff'],
    ];
    expect([...own, ...operators].filter((address) => !isWatcher(address))).toEqual([]);
    const others = ['fd5e:3e0f:1a2b:0:1::7', 'fd5e:3e0f:1a2b:ffff:1:2:3:4', 'fd5e:3e0f:1a2b::2', 'fd5e:3e0f:1a2b:0:3::1', 'fd5e:3e0f:1a2c:0:2::5'];
    expect([...others, '127.0.0.1', '::ffff:127.0.0.1', '2001:db8::1', 'fe80::1%eth0', ''].filter(isWatcher)).toEqual([]);
    // A prefix with zeros in it is written otherwise.
    expect(tunnelSources(planNetwork('fd5e:0:1::/48')).isWatcher('fd5e:0:1:0:2::5')).toBe(true);
  });
});

describe('the text format', () => {
  it('lets no value end itself, its line, or its metric', () => {
    const hostile = 'a"} 1\nsemeur_home_peers{kind="x\\';
    const labels = renderLabels({ client: hostile, kind: 'x' });
    expect(labels).toBe('client="a\\"} 1\\nsemeur_home_peers{kind=\\"x\\\\",kind="x"');
    const metric = { name: 'm', type: 'gauge', help: 'One\nor \\ two' } as const;
    expect(renderHead(metric)).toBe('# HELP m One\\nor \\\\ two\n# TYPE m gauge\n');
    expect(renderSample(metric, labels, 1)).toBe(`m{${labels}} 1\n`);
    expect(renderSample(metric, '', 0.5)).toBe('m 0.5\n');
    expect(renderLabels({ client: '\ud800' })).toBe('client="\ufffd"');
  });
});
