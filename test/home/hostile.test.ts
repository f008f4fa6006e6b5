import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { pinOf } from '../../builder/workspace/secrets.ts';
import { databaseFile } from '../../home/store/database.ts';
import { runCommand } from '../../kit/command.ts';
import { fuzzHome } from './fuzz-home.ts';
import { closeHomes, enrol, heartbeatOf, issue, NO_LIMITS, openHome, stateOf, TLS } from './open-home.ts';
import { send } from './requests-to-home.ts';
import { claimOf } from './sample-fleet.ts';

afterEach(closeHomes);

async function enrolled() {
  const home = await openHome();
  const issued = issue();
  await home.take(issued.order);
  const claim = claimOf(issued);
  return { home, issued, claim, address: await enrol(home, issued, claim) };
}

describe('a listener (the hub is a stand-in; database and HTTP are real)', () => {
  const beat = JSON.stringify(heartbeatOf());
  const cases: [title: string, body: unknown, status: number][] = [
    ['nothing', '', 400],
    ['no JSON', '{"bootId":', 400],
    ['an unknown key beside one that is wrong', { ...heartbeatOf({ uptime: -1 }), extra: 1 }, 400],
    ['an unknown key that is nested too deep', { ...heartbeatOf(), extra: [[[[1]]]] }, 400],
    ['an unknown key of 17 KiB', { ...heartbeatOf(), extra: 'x'.repeat(17_000) }, 413],
    ['a missing key', beat.replace('"uptime":60,', ''), 400],
    ['a number in quotes', heartbeatOf({ uptime: '60' as never }), 400],
    ['a fraction', heartbeatOf({ uptime: 1.5 }), 400],
    ['a negative counter', heartbeatOf({ bootCounter: -1 }), 400],
    ['a number beyond all bounds', beat.replace('"uptime":60', '"uptime":1e400'), 400],
    ['129 bytes', heartbeatOf({ build: 'x'.repeat(129) }), 400],
    ['65 letters of two bytes', heartbeatOf({ build: 'é'.repeat(65) }), 400],
    ['a line break', heartbeatOf({ build: 'a\nb' }), 400],
    ['an escape', heartbeatOf({ build: '\u001b[2J' }), 400],
    ['half of a surrogate pair', beat.replace('"5f3a"', '"\\ud800"'), 400],
    ['bytes that are no UTF-8', Buffer.from(beat.replace('5f3a', 'é'), 'latin1'), 400],
    ['21 failed units', heartbeatOf({ failedUnits: Array.from({ length: 21 }, () => 'a') }), 400],
    ['a prototype in place of a key', beat.replace('"report":"done"', '"__proto__":{"report":"done"}'), 400],
    ['what is nested too deep', `${'['.repeat(8000)}${']'.repeat(8000)}`, 400],
    ['an array', '[]', 400],
    ['null', 'null', 400],
    ['17 KiB', heartbeatOf({ build: 'x'.repeat(17_000) }), 413],
  ];
  it.each(cases)('refuses %s, with one line', async (_, body, status) => {
    const { home, address } = await enrolled();
    const answer = await home.tunnel('/v1/heartbeat', body, address);
    expect(answer).toMatchObject({ status, text: expect.stringMatching(/^error [a-z-]+ [^\n]+\.\n$/) });
    expect(home.database.sql('SELECT count(*) AS kept FROM heartbeats').get()).toEqual({ kept: 0 });
  });

  it.each([
    ['another kind of content', 'text/plain', 415],
    ['a form', 'application/x-www-form-urlencoded', 415],
    ['no kind', '', 415],
  ])('refuses %s', async (_, type, status) => {
    const { home } = await enrolled();
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    expect((await home.open('/v1/report', '{}', { 'content-type': type, ...headers })).status).toBe(status);
  });

  it('has its own routes and none of the others', async () => {
    const { home, address } = await enrolled();
    const statuses = async (get: (path: string) => Promise<{ status: number }>) => {
      const found = [];
      for (const path of ['/v1/claim', '/v1/confirm', '/v1/heartbeat', '/v1/report']) if ((await get(path)).status !== 404) found.push(path);
      return found;
    };
    expect(await statuses((path) => home.nursery(path, {}, issue().nursery))).toEqual(['/v1/claim']);
    expect(await statuses((path) => home.tunnel(path, {}, address))).toEqual(['/v1/confirm', '/v1/heartbeat']);
    expect(await statuses((path) => home.open(path, {}))).toEqual(['/v1/claim', '/v1/report']);
    expect(await home.open('/health', undefined)).toMatchObject({ status: 200, text: 'pass\n' });
    expect(await home.open('/v1/../health/%2e%2e', undefined)).toMatchObject({ status: 404, text: 'error not-found There is nothing here.\n' });
    const deleted = await send(`127.0.0.1:${home.ports.tunnel}`, '/v1/heartbeat', {}, { method: 'DELETE' });
    expect(deleted).toMatchObject({ status: 404, text: 'error not-found There is nothing here.\n' });
  });

  it('lets a sender on the internet have so many requests and no more, and says when to come again', async () => {
    const { home, claim } = await enrolled();
    const answers = await Promise.all(Array.from({ length: 60 }, () => home.open('/v1/claim', { ...claim, token: 'guess' })));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(25);
    expect(refused[0]).toMatchObject({ headers: { 'retry-after': '30' }, text: expect.stringMatching(/^error too-many /) });
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(60 - refused.length);
  });

  it('survives what is no HTTP', async () => {
    const { home } = await enrolled();
    for (const port of Object.values(home.ports)) {
      for (const bytes of [
        '\0\0\0\0',
        'GET / HTTP/9.9\r\n\r\n',
        `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
        'POST /v1/claim HTTP/1.1\r\nContent-Length: x\r\n\r\n',
      ]) {
        await new Promise<void>((done) => {
          const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
          socket.on('data', () => {});
          socket.on('close', () => done());
          socket.on('error', () => {});
        });
      }
    }
    expect((await home.open('/health', undefined)).status).toBe(200);
  });

  it('shows the key that cards have the pin of', async () => {
    const { home } = await enrolled();
    const pin = await new Promise<string>((done, failed) => {
      const socket = connectTls({ host: '127.0.0.1', port: home.ports.open, rejectUnauthorized: false }, () => {
        const key = socket.getPeerX509Certificate()?.publicKey;
        socket.destroy();
        done(key ? key.export({ type: 'spki', format: 'der' }).toString('base64') : '');
      });
      socket.on('error', failed);
    });

    expect(`sha256//${createHash('sha256').update(Buffer.from(pin, 'base64')).digest('base64')}`).toBe(pinOf(TLS.key));
  });
});

describe('POST /v1/report', () => {
  it('keeps what the card signed with its host key, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-report-'));
    try {
      const key = join(folder, 'key');
      await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
      const home = await openHome();
      const issued = issue();
      await home.take(issued.order);
      const hostKey = (await readFile(`${key}.pub`, 'utf8')).trim();
      await home.open('/v1/claim', { ...claimOf(issued, { hostKey }), diagnosis: 'udp-blocked' });
      const body = JSON.stringify({ client: 'durand', text: 'No tunnel: udp-blocked\nup 60 s' });
      const sign = async (namespace: string, message = body) => {
        const armor = (await runCommand(['ssh-keygen', '-Y', 'sign', '-q', '-n', namespace, '-f', key], { input: message })).toString('utf8');
        return armor
          .split('\n')
          .filter((line) => !line.startsWith('-'))
          .join('');
      };
      const report = (content: string, signature?: string) =>
        home.open('/v1/report', content, signature === undefined ? {} : { 'x-semeur-signature': signature });
      const good = await sign('semeur-report');
      const other = JSON.stringify({ client: 'nobody', text: 'x' });
      for (const [content, signature] of [
        [body, undefined],
        [body, 'AAAA'],
        [body, await sign('semeur-seed')],
        [body.replace('60', '61'), good],
        [other, await sign('semeur-report', other)],
      ] as const)
        expect(await report(content, signature)).toMatchObject({ status: 401, text: expect.stringMatching(/^error bad-signature /) });
      expect(await report(body, good)).toMatchObject({ status: 200, text: expect.stringMatching(/^time \d+\n$/) });
      expect(home.database.sql('SELECT client, text FROM reports').all()).toMatchObject([
        { client: 'durand', text: 'No tunnel: udp-blocked\nup 60 s' },
      ]);
      await home.take({ ...issued.order, revoked: true });
      expect((await report(body, good)).status).toBe(401);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('when the database', () => {
  it('is locked by another, home answers 503 and loses nothing', async () => {
    const { home, address } = await enrolled();
    const other = new DatabaseSync(databaseFile(home.folder));
    other.exec('BEGIN IMMEDIATE');
    const next = issue('moreau');
    const locked = await home.tunnel('/v1/heartbeat', heartbeatOf(), address);
    expect(locked).toMatchObject({ status: 503, headers: { 'retry-after': '30' }, text: 'error try-again Home cannot write just now.\n' });
    other.exec('ROLLBACK');
    other.close();
    await home.take(next.order);
    expect((await home.tunnel('/v1/heartbeat', heartbeatOf(), address)).status).toBe(200);
  });

  it('has no room, home answers 503, and each claim is there whole or not at all', async () => {
    const home = await openHome();
    const issued = Array.from({ length: 30 }, (_, index) => issue(`client-${index}`));
    for (const one of issued) await home.take(one.order);
    const { pages } = home.database.sql('SELECT page_count AS pages FROM pragma_page_count').get() as { pages: number };
    home.database.sql(`PRAGMA max_page_count = ${pages + 2}`).get();
    const claims = issued.map((one) => claimOf(one));
    const answers: Awaited<ReturnType<typeof home.nursery>>[] = [];
    for (const [index, one] of issued.entries()) answers.push(await home.nursery('/v1/claim', claims[index], one.nursery));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
    const lost = issued.filter((_, index) => answers[index]?.status === 503);
    home.database.sql('PRAGMA max_page_count = 1073741823').get();
    for (const [index, one] of issued.entries()) {
      const again = await home.nursery('/v1/claim', claims[index], one.nursery);
      expect(again.status).toBe(200);
      if (!lost.includes(one)) expect(again.values['address']).toBe(answers[index]?.values['address']);
    }
    expect(home.database.sql('SELECT count(*) AS claims FROM claims').get()).toEqual({ claims: 30 });
  });

  it('makes another mistake, home says one fixed sentence, and logs the cause', async () => {
    const { home, address } = await enrolled();
    home.database.sql('DROP TABLE heartbeats').run();
    expect(await home.tunnel('/v1/heartbeat', heartbeatOf(), address)).toMatchObject({
      status: 500,
      text: 'error internal Home made a mistake and has noted it.\n',
    });
    expect(home.logged.at(-1)).toContain('no such table');
  });
});

describe('home', () => {
  it('logs no secret, whatever happens to it', async () => {
    const { home, issued, claim, address } = await enrolled();
    const answer = await home.open('/v1/claim', claim);
    await home.open('/v1/claim', claimOf(issued));
    await home.open('/v1/claim', { ...claim, generation: 7 });
    await home.open('/v1/claim', `{"token":"${issued.token}",`);
    home.hub.broken = new Error('wg');
    await home.open('/v1/claim', claim);
    await home.tunnel('/v1/heartbeat', heartbeatOf({ serial: 'x' }), address);
    const secrets = [issued.token, issued.order.tokenSha256, issued.order.presharedKey, answer.values['preshared-key'] ?? '?', TLS.key];
    expect(home.logged.length).toBeGreaterThan(4);
    expect(secrets.filter((secret) => home.logged.join('\n').includes(secret))).toEqual([]);
  });

  it('keeps its state for itself', async () => {
    const { home } = await enrolled();
    const modes = await new Promise<string>((done) => execFile('find', [home.folder, '-type', 'f', '-printf', '%m %f\n'], (_, out) => done(out)));
    expect(modes).toContain('600 home.sqlite\n');
    expect(modes.split('\n').filter((line) => !/^600 |\.pub$|^$/.test(line))).toEqual([]);
  });

  it('says nothing but the protocol to 2,000 odd requests, and changes nothing', async () => {
    const home = await openHome(undefined, NO_LIMITS);
    const issued = issue();
    await home.take(issued.order);
    await enrol(home, issued);
    await fuzzHome(home, 2000);
    expect(stateOf(home)).toBe('confirmed');
    expect(home.logged.filter((line) => line.includes('request failed'))).toEqual([]);
  });
});
