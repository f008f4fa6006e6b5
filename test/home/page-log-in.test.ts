import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { loopbackOf } from '../../home/answers/sources.ts';
import { createSessions } from '../../home/page/sessions.ts';
import { removeOperator } from '../../home/store/operators.ts';
import { hashPassword } from '../../home/store/password.ts';
import { closeHomes, enrol, issue, NO_LIMITS, type OpenHome, openHome } from './open-home.ts';
import { addPerson, PASSWORD, visitPage } from './page-visitor.ts';
import { send } from './requests-to-home.ts';

afterEach(closeHomes);

async function openPage() {
  const home = await openHome();
  await addPerson(home.database);
  return { home, visitor: visitPage(home.ports.page) };
}

const POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

describe('the log-in of the fleet page', () => {
  it('shows nothing of the fleet to who is not logged in', async () => {
    const { home, visitor } = await openPage();
    await home.take(issue().order);
    for (const path of ['/', '/?state=well', '/clients/durand', '/clients/nobody']) {
      expect(await visitor.get(path)).toMatchObject({ status: 303, headers: { location: '/log-in' }, text: '' });
    }
    expect((await visitor.get('/elsewhere')).status).toBe(404);
  });

  it('takes the password of an operator who comes from their own device, and gives a session that no script can read', async () => {
    const { home, visitor } = await openPage();
    const before = await visitor.get('/log-in');
    const answer = await visitor.logIn();
    expect(answer).toMatchObject({ status: 303, headers: { location: '/' } });
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)]);
    // Another one than before the log-in, which somebody could have planted.
    expect(String(before.headers['set-cookie'])).not.toContain(visitor.cookies.get('session'));
    expect(await visitor.get('/')).toMatchObject({
      status: 200,
      headers: {
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'referrer-policy': 'same-origin',
      },
      text: expect.stringContaining('anne'),
    });
    expect(await visitor.get('/log-in')).toMatchObject({ status: 303, headers: { location: '/' } });
    expect(home.logged.join('\n')).not.toContain(PASSWORD);
  });

  it.each([
    ['another password', 'anne', 'trois petites grains'],
    ['an empty one', 'anne', ''],
    ['a name that nobody has', 'nobody', PASSWORD],
    ['the password in the place of the name', PASSWORD, PASSWORD],
  ])('refuses %s, with the same words, and notes no word of it', async (_, name, password) => {
    const { home, visitor } = await openPage();
    const answer = await visitor.logIn(name, password);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('<p role="alert">That is not right: the name, the password, or the device that you come from.</p>');
    expect((await visitor.get('/')).status).toBe(303);
    expect(home.logged.join('\n')).toContain('log-in refused');
    expect(home.logged.join('\n')).not.toContain(PASSWORD);
  });

  it('takes as long for a name that nobody has as for a wrong password', async () => {
    const { home, visitor } = await openPage();
    removeOperator(home.database, 'anne');
    await addPerson(home.database, 'anne', await hashPassword(PASSWORD));
    const time = async (name: string) => {
      const start = performance.now();
      await visitor.logIn(name, 'x');
      return performance.now() - start;
    };
    await time('nobody');
    const [unknown, known] = [await time('nobody'), await time('anne')];
    // A hash is most of either: without one, an answer takes a hundredth.
    expect(unknown).toBeGreaterThan(known / 4);
  });

  it("refuses another operator's device, and a session on it", async () => {
    const { home, visitor } = await openPage();
    await addPerson(home.database, 'bruno');
    const other = visitPage(home.ports.page, '127.0.0.2');
    expect((await other.logIn('anne')).status).toBe(403);
    expect((await other.logIn('bruno')).status).toBe(303);
    await visitor.logIn();
    other.cookies.set('session', visitor.cookies.get('session') ?? '');
    expect((await other.get('/')).status).toBe(303);
    expect((await visitor.get('/')).status).toBe(200);
  });

  it('lets a device try five times, then once a minute', async () => {
    const { home, visitor } = await openPage();
    for (let tries = 0; tries < 5; tries++) expect((await visitor.logIn('anne', 'x')).status).toBe(403);
    const answer = await visitor.logIn();
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '60' }, text: expect.stringContaining('Too many attempts.') });
    await addPerson(home.database, 'bruno');
    expect((await visitPage(home.ports.page, '127.0.0.2').logIn('bruno')).status).toBe(303);
  });

  it('lets a device have so many pages and no more', async () => {
    const { visitor } = await openPage();
    const answers = await Promise.all(Array.from({ length: 60 }, () => visitor.get('/log-in')));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(10);
  });
});

describe('a session of the fleet page', () => {
  it('ends by the button, and by no form from elsewhere', async () => {
    const { visitor } = await openPage();
    await visitor.logIn();
    await visitor.get('/');
    await visitor.post('/log-out', {}, { origin: 'http://elsewhere.example' });
    await visitor.post('/log-out', { token: 'x' });
    expect((await visitor.get('/')).status).toBe(200);
    expect(await visitor.post('/log-out', {})).toMatchObject({ status: 303, headers: { location: '/log-in' } });
    expect((await visitor.get('/')).status).toBe(303);
  });

  it('ends after eight hours', () => {
    const sessions = createSessions();
    const cookie = sessions.start({ name: 'anne', number: 1, publicKey: 'KEY', password: 'HASH' }, 0);
    expect(sessions.find(cookie, 8 * 3_600_000 - 1)).toMatchObject({ operator: 'anne' });
    expect(sessions.find(cookie, 8 * 3_600_000)).toBeUndefined();
    expect(sessions.find(cookie, 0)).toBeUndefined();
  });

  it('ends when the operator is removed, and does not come back with one of the same name', async () => {
    const { home, visitor } = await openPage();
    await visitor.logIn();
    removeOperator(home.database, 'anne');
    expect((await visitor.get('/')).status).toBe(303);
    await addPerson(home.database);
    expect((await visitor.get('/')).status).toBe(303);
  });
});

describe('the forms of the fleet page', () => {
  const fields = { name: 'anne', password: PASSWORD };
  it.each([
    ['without a token', { token: '' }, {}],
    ["with another cookie's token", { token: 'A'.repeat(43) }, {}],
    ['from another origin', {}, { origin: 'http://elsewhere.example' }],
    ['from nowhere', {}, { origin: 'null' }],
    ['without the cookie', {}, { cookie: '' }],
  ])('are not taken %s', async (_, other, headers) => {
    const { visitor } = await openPage();
    await visitor.get('/log-in');
    const answer = await visitor.post('/log-in', { ...fields, ...other }, headers);
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('The form was too old, or came from elsewhere.') });
  });

  it('are taken as forms alone', async () => {
    const { visitor } = await openPage();
    await visitor.get('/log-in');
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      expect((await visitor.post('/log-in', fields, { 'content-type': type })).status).toBe(415);
    }
    expect((await visitor.post('/log-in', { ...fields, name: 'x'.repeat(20_000) })).status).toBe(413);
  });
});

describe('who may come to the fleet page', () => {
  const cut = (from: string, home: OpenHome) =>
    send(`127.0.0.1:${home.ports.page}`, '/log-in', undefined, { from }).then(
      ({ text }) => text,
      (error: NodeJS.ErrnoException) => error.code,
    );

  it('is no card and no seed: they get nothing, not an error', async () => {
    const { home } = await openPage();
    const issued = issue();
    await home.take(issued.order);
    const address = await enrol(home, issued);
    for (const from of [loopbackOf(address), loopbackOf(issued.nursery), '127.200.0.1']) {
      expect(await cut(from, home)).toMatch(/^(?:ECONNRESET|EPIPE)$/);
    }
    expect((await visitPage(home.ports.page).get('/log-in')).status).toBe(200);
  });

  it('calls it by its address: a name that was made to mean it gets nothing of it', async () => {
    const { visitor } = await openPage();
    for (const host of ['elsewhere.example', `localhost:${visitor.place.split(':')[1]}`, '127.0.0.1']) {
      expect((await visitor.get('/log-in', { host })).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('says nothing of the fleet to odd requests, and makes no mistake', async () => {
    const home = await openHome(undefined, NO_LIMITS);
    await addPerson(home.database);
    await home.take(issue('durand', { hostname: 'the-oven' }).order);
    const text = fc.string({ unit: 'binary', maxLength: 200 }).map((odd) => encodeURIComponent(odd.toWellFormed()));
    const path = fc.tuple(fc.constantFrom('/', '/log-in', '/log-out', '/clients/', '/clients/durand', '/%2e%2e/'), text, text);
    const request = fc.record({ path, body: text, cookie: text, method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD') });
    const ask = async ({ path: [start, more, query], body, cookie, method }: typeof request extends fc.Arbitrary<infer T> ? T : never) => {
      const headers = {
        host: `127.0.0.1:${home.ports.page}`,
        cookie: `session=${cookie}; ${cookie}`,
        'content-type': 'application/x-www-form-urlencoded',
      };
      const content = method === 'GET' || method === 'HEAD' ? undefined : `token=${body}&${body}&name=anne`;
      const answer = await send(`127.0.0.1:${home.ports.page}`, `${start}${more}?language=${query}&${query}`, content, { method, headers });
      if (![200, 303, 400, 403, 404, 414].includes(answer.status) || answer.text.includes('the-oven'))
        throw new Error(`${answer.status} ${answer.text}`);
    };
    await fc.assert(fc.asyncProperty(request, ask), { numRuns: 300, endOnFailure: true });
    expect(home.logged.filter((line) => line.includes('failed'))).toEqual([]);
  });

  it('finds no route of the others there, nor its own with them', async () => {
    const { home, visitor } = await openPage();
    for (const path of ['/v1/claim', '/v1/heartbeat', '/v1/report']) expect((await visitor.post(path, {})).status).toBe(404);
    for (const port of [home.ports.nursery, home.ports.tunnel]) expect((await visitPage(port).get('/log-in')).status).toBe(404);
    expect((await home.open('/log-in', undefined)).status).toBe(404);
  });
});
