import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../until.ts';
import { makeServiceCard, type ServiceCard, whyNoService } from './service-card.ts';

const reason = await whyNoService('prosody', 'prosodyctl', 'openssl', '/usr/bin/python3');
const noClient = await stat('/usr/lib/python3/dist-packages/slixmpp').then(
  () => undefined,
  () => 'python3-slixmpp is not installed',
);

/** Logs two people in, one writes to the other, who then asks for the archive, as a new telephone does. argv: CA, then address and password of each. */
const TALK = `
import asyncio, inspect, sys, slixmpp
ca, one, one_word, two, two_word = sys.argv[1:]
async def log_in(jid, word):
    client = slixmpp.ClientXMPP(jid, word)
    client.ca_certs = ca
    client.register_plugin("xep_0313")
    came = asyncio.get_running_loop().create_future()
    client.add_event_handler("session_start", lambda _: came.done() or came.set_result(True))
    client.add_event_handler("failed_all_auth", lambda _: came.done() or came.set_result(False))
    if "host" in inspect.signature(client.connect).parameters: client.connect("127.0.0.1", 5222)
    else: client.connect(("127.0.0.1", 5222))
    if not await asyncio.wait_for(came, 15): raise SystemExit("refused " + jid)
    client.send_presence()
    return client
async def main():
    first, second = await log_in(one, one_word), await log_in(two, two_word)
    heard = asyncio.get_running_loop().create_future()
    second.add_event_handler("message", lambda message: heard.done() or heard.set_result(str(message["body"])))
    await asyncio.sleep(0.5)
    first.send_message(mto=two, mbody="La tisane est prête", mtype="chat")
    print("heard", await asyncio.wait_for(heard, 10))
    answer = await second["xep_0313"].retrieve()
    print("kept", [str(one["mam_result"]["forwarded"]["stanza"]["body"]) for one in answer["mam"]["results"]])
    first.disconnect(); second.disconnect()
asyncio.run(main())
`;

describe.skipIf(reason)(`the chat server (${reason ?? 'Prosody'})`, () => {
  let card: ServiceCard;
  let stop: () => Promise<string>;
  const data = '/var/lib/prosody';

  beforeAll(async () => {
    card = await makeServiceCard('chat', { second: 'lea-2' });
    const config = card.path('/etc/prosody/prosody.cfg.lua');
    // On a card it runs as a user of its own.
    await writeFile(config, `run_as_root = true\n${await readFile(config, 'utf8')}`);
    for (const folder of ['/etc/prosody', data]) await card.show(folder);
    await card.run('mkdir', '-p', '/run/prosody');
    expect(await card.run('sh', card.path('usr/lib/semeur/chat/prepare'))).toEqual({ exitCode: 0, output: '' });
    stop = card.start('prosody', '-F');
    await until(async () => (await card.run(card.path('usr/lib/semeur/health.d/chat'))).exitCode === 0);
  });

  afterAll(() => card?.close());

  it('has a configuration that its own checker takes', async () => {
    const { output } = await card.run('prosodyctl', '--root', 'check', 'config');
    expect(output).toContain('All checks passed, congratulations!');
  });

  it.skipIf(noClient)('lets the account of the leaflet and a second person talk, and keeps what they wrote (python3-slixmpp)', async () => {
    const people = ['durand@durand.local', card.password, 'lea-2@durand.local', card.secondPassword];
    const { output } = await card.run('/usr/bin/python3', '-c', TALK, `${card.root}${data}/tls/chat.crt`, ...people);
    expect(output).toContain("heard La tisane est prête\nkept ['La tisane est prête']");
  });

  it.skipIf(noClient)('lets nobody in by another password, and takes no stranger in', async () => {
    const people = ['durand@durand.local', 'another', 'lea-2@durand.local', card.secondPassword];
    expect((await card.run('/usr/bin/python3', '-c', TALK, `${card.root}${data}/tls/chat.crt`, ...people)).output).toContain(
      'refused durand@durand.local',
    );
    const hello = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='durand.local' version='1.0'>`;
    const { output } = await card.run('sh', '-c', `{ echo "$1"; sleep 1; } | timeout 5 busybox nc 127.0.0.1 5222`, 'sh', hello);
    expect(output).toMatch(/<starttls [^>]*><required\/>/);
    expect(output).not.toMatch(/register|mechanism/);
  });

  it('adds a person, whose password it prints once', async () => {
    await card.run(
      'sh',
      '-c',
      `mkdir "$ROOT/fake-bin" && printf '#!/bin/sh\\nexec %s --root "$@"\\n' "$(command -v prosodyctl)" >"$ROOT/fake-bin/prosodyctl" && chmod +x "$ROOT/fake-bin/prosodyctl"`,
    );
    const add = () => card.run(card.path('usr/sbin/semeur-chat-account'), 'mamie');
    const { output } = await add();
    const [, password = ''] = /^address mamie@durand\.local\npassword ([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})$/.exec(output) ?? expect.fail(output);
    expect(await readFile(card.path(`${data}/durand%2elocal/accounts/mamie.dat`), 'utf8')).not.toContain(password);
    if (noClient === undefined) {
      const people = ['mamie@durand.local', password, 'lea-2@durand.local', card.secondPassword];
      expect((await card.run('/usr/bin/python3', '-c', TALK, `${card.root}${data}/tls/chat.crt`, ...people)).output).toContain('heard La tisane');
    }
    expect(await add()).toEqual({
      exitCode: 1,
      output: 'cannot add mamie: there is one already (a new password: prosodyctl passwd mamie@durand.local)',
    });
    expect(await card.run(card.path('usr/sbin/semeur-chat-account'), 'M')).toMatchObject({ exitCode: 1 });
  });

  it('makes its certificate once, and leaves a password that somebody changed', async () => {
    const [key, account] = [`${data}/tls/chat.key`, `${data}/durand%2elocal/accounts/durand.dat`].map(card.path);
    const before = await readFile(key ?? '', 'utf8');
    await writeFile(account ?? '', 'return { changed = true };\n');
    await card.run('sh', card.path('usr/lib/semeur/chat/prepare'));
    expect(await readFile(key ?? '', 'utf8')).toBe(before);
    expect(await readFile(account ?? '', 'utf8')).toContain('changed');
    expect((await stat(key ?? '')).mode & 0o077).toBe(0);
  });

  it('logs neither people nor what they say, and no file has a password', async () => {
    const said = await stop();
    expect(said).not.toMatch(/durand|lea-2|mamie|tisane/i);
    const names = await readdir(card.root, { recursive: true, withFileTypes: true });
    for (const file of names.filter((entry) => entry.isFile())) {
      const text = await readFile(`${file.parentPath}/${file.name}`, 'utf8');
      for (const password of [card.password, card.secondPassword]) expect(text.includes(password), file.name).toBe(false);
    }
  });
});
