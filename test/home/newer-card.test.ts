import { afterEach, describe, expect, it } from 'vitest';
import { closeHomes, enrol, heartbeatOf, issue, openHome } from './open-home.ts';

afterEach(closeHomes);

describe('a heartbeat of a newer card (the hub is a stand-in; database and HTTP are real)', () => {
  const beat = JSON.stringify(heartbeatOf());

  it.each([
    ['a key', beat.replace('{', '{"colour":"green\\u001b[2J",')],
    ['a key in an object', beat.replace('{', '{"backup":{"at":null,"failed":false,"restoreAt":null,"restoreFailed":false,"size":5},')],
    ['a name', beat.replace('{', '{"client":"moreau",')],
    ['a prototype', beat.replace('{', '{"__proto__":{"remoteAccess":"off","ipv6":"2001:db8::1"},')],
    ['a constructor', beat.replace('{', '{"constructor":{"prototype":{}},')],
  ])('is taken as far as home knows it: nothing is kept of %s that it does not know', async (_, body) => {
    const home = await openHome();
    const issued = issue();
    await home.take(issued.order);
    const address = await enrol(home, issued);
    expect((await home.tunnel('/v1/heartbeat', body, address)).status).toBe(200);
    const [kept] = home.database.sql('SELECT client, body FROM heartbeats').all();
    const { backup, ...known } = JSON.parse(String(kept?.['body']));
    expect([kept?.['client'], known]).toEqual(['durand', JSON.parse(beat)]);
    expect(Object.keys(backup ?? {})).not.toContain('size');
    expect(home.logged.join()).not.toMatch(/colour|moreau|size/);
  });
});
