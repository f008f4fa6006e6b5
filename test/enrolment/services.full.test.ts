import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBackups } from './backed-up.ts';
import { FRONT, WRITE_EVENT } from './calendar-client.ts';
import { type EnrolledCard, type FirstBoot, prepareCard } from './first-boot.ts';
import { LAN } from './ground.ts';
import { buildCardImage, type CardImage, CLIENT, EVERY_SERVICE } from './images.ts';
import { describeWatching } from './watched.ts';

/** Logs in at the card's chat, with the certificate that the card made, and writes to oneself. argv: CA, address, password, port. */
const CHAT = `
import asyncio, inspect, sys, slixmpp
ca, jid, word, port = sys.argv[1:]
async def main():
    client = slixmpp.ClientXMPP(jid, word)
    client.ca_certs = ca
    came, heard = (asyncio.get_running_loop().create_future() for _ in range(2))
    client.add_event_handler("session_start", lambda _: came.done() or came.set_result(True))
    client.add_event_handler("failed_all_auth", lambda _: came.done() or came.set_result(False))
    client.add_event_handler("message", lambda message: heard.done() or heard.set_result(str(message["body"])))
    if "host" in inspect.signature(client.connect).parameters: client.connect("127.0.0.1", int(port))
    else: client.connect(("127.0.0.1", int(port)))
    if not await asyncio.wait_for(came, 120): raise SystemExit("refused")
    client.send_presence()
    await asyncio.sleep(2)
    client.send_message(mto=client.boundjid.full, mbody="La tisane est prête", mtype="chat")
    print(await asyncio.wait_for(heard, 60))
    client.disconnect()
asyncio.run(main())
`;

/** Too slow for CI: emulated, a server in Python takes a minute to start. */
describe('the services of a card, asked from its LAN by programs that people use', () => {
  let image: CardImage;
  let enrolled: EnrolledCard | undefined;
  let boot: FirstBoot;
  let password: string;
  let backupKey: string;
  const run = (...argv: readonly string[]) => boot.ground.run(...argv);
  const visit = (script: string) => boot.ground.semeur('ssh', '--state', boot.ground.state, CLIENT, script);
  const statusOf = (path: string, ...options: readonly string[]) =>
    run('curl', '--silent', '--max-time', '20', '--output', '/dev/null', '--write-out', '%{http_code}', ...options, `${FRONT}${path}`);

  beforeAll(async () => {
    image = await buildCardImage('services', EVERY_SERVICE);
    // Emulated, each server takes half a minute to start, and the next heartbeat may be five away.
    enrolled = await prepareCard(image, 600);
    boot = await enrolled.running();
    const account = await readFile(join(image.workspace, 'out', `${CLIENT}.account`), 'utf8');
    password = /^password (\S+)$/m.exec(account)?.[1] ?? '';
    backupKey = /^backup-key (\S+)$/m.exec(account)?.[1] ?? '';
  });

  afterAll(async () => enrolled?.close());

  it('are all well, and say so at home', async () => {
    await boot.ground.waitForCard(CLIENT, 'looked at', 120, ({ health }) => health?.illServices?.length === 0);
    expect(await run('curl', '--silent', '--max-time', '20', `${FRONT}/`)).not.toContain('ne répond pas');
  });

  it('let nobody in without the account of the leaflet', async () => {
    for (const path of ['/calendar/', '/share/', '/files/']) {
      expect(await statusOf(path), path).toBe('401');
      expect(await statusOf(path, '--user', `${CLIENT}:${CLIENT}`), path).toBe('401');
      expect(await statusOf(path, '--header', `X-Remote-User: ${CLIENT}`), path).toBe('401');
    }
  });

  it('keep a calendar (python3-caldav)', async () => {
    const calendar = ['/usr/bin/python3', '-c', WRITE_EVENT, `${FRONT}/.well-known/caldav`, CLIENT, password];
    expect(await run(...calendar)).toBe("Agenda ['Cueillette du thym']\n");
  });

  it('share a folder (cadaver)', async () => {
    const folder = boot.ground.folder;
    await writeFile(join(folder, '.netrc'), `machine 127.0.0.1 login ${CLIENT} password ${password}\n`, { mode: 0o600 });
    await writeFile(join(folder, 'recette.txt'), 'thym, mélisse\n');
    await writeFile(join(folder, 'orders'), 'mkcol Tisanes\ncd Tisanes\nput recette.txt\nmove recette.txt "été.txt"\nls\nget "été.txt" back.txt\n');
    const said = await run('sh', '-c', `cd "$1" && HOME=$1 cadaver ${FRONT}/share/ <orders`, 'sh', folder);
    expect(said).not.toMatch(/failed|error/i);
    expect(await readFile(join(folder, 'back.txt'), 'utf8')).toBe('thym, mélisse\n');
  });

  it('chat (python3-slixmpp)', async () => {
    const certificate = join(boot.ground.folder, 'chat.crt');
    await writeFile(certificate, await visit('cat /var/lib/prosody/tls/chat.crt'));
    const said = await run('/usr/bin/python3', '-c', CHAT, certificate, `${CLIENT}@herbier.local`, password, String(LAN.chat));
    expect(said).toContain('La tisane est prête');
    const [, word = ''] = /^password (\S+)$/m.exec(await visit('semeur-chat-account mamie')) ?? [];
    expect(await run('/usr/bin/python3', '-c', CHAT, certificate, `mamie@herbier.local`, word, String(LAN.chat))).toContain('La tisane');
  });

  it('answer for names, and know no others than they should (busybox)', async () => {
    const ask = (name: string) => run('sh', '-c', `busybox nslookup -type=a "$1" 127.0.0.1:${LAN.dns} || :`, 'sh', name);
    expect(await ask('ok.semeur.internal')).toMatch(/^Address: 127\.0\.0\.1$/m);
    expect(await ask('use-application-dns.net')).toContain('NXDOMAIN');
  });

  it("have a page for the synchronised folders behind the front door, with the leaflet's account asked once", async () => {
    const page = await run('curl', '--silent', '--max-time', '20', '--user', `${CLIENT}:${password}`, `${FRONT}/files/meta.js`);
    expect(page).toContain('"authenticated":true');
  });

  it('listen where the overlays say, and the packet filter lets nobody else through', async () => {
    // Avahi opens ports by chance as well: the packet filter shuts them.
    const sockets = (await visit('ss -Hlntup')).split('\n').filter((line) => line !== '' && !line.includes('avahi-daemon'));
    const places = sockets.map((line) => line.trim().split(/\s+/)[4] ?? '').filter((place) => !/^(127\.|\[::1\]|\[::ffff:127\.)/.test(place));
    // Syncthing calls out from such UDP ports as well, and the tunnel has one that the kernel chose.
    const ports = new Set(places.map((place) => place.replace(/^.*:/, '')).filter((port) => Number(port) < 32_768));
    expect([...ports].filter((port) => !['68', '546'].includes(port)).sort()).toEqual(['21027', '22', '22000', '5222', '53', '80', '8480', '9100']);
  });

  it('are shut in: systemd-analyze security says 5.0 or less of each unit of ours', async () => {
    for (const unit of ['semeur-share', 'semeur-files', 'semeur-dns', 'prosody']) {
      const [last = ''] = (await visit(`systemd-analyze security --no-pager ${unit}.service`)).trim().split('\n').slice(-1);
      expect(Number(/(\d+\.\d)/.exec(last)?.[1]), unit).toBeLessThanOrEqual(5);
    }
  });

  describeWatching(() => boot);

  it('are told at home when they stop answering, and when they answer again', async () => {
    await visit('systemctl stop radicale && rm -f /run/semeur/next-heartbeat && systemctl start semeur-heartbeat');
    await boot.ground.waitForCard(CLIENT, 'ill', 60, ({ health }) => health?.illServices?.join() === 'calendar');
    expect(await run('curl', '--silent', '--max-time', '20', `${FRONT}/`)).toContain('ne répond pas');
    await visit('systemctl start radicale && sleep 10 && rm -f /run/semeur/next-heartbeat && systemctl start semeur-heartbeat');
    await boot.ground.waitForCard(CLIENT, 'well again', 60, ({ health }) => health?.illServices?.length === 0);
  });

  describeBackups(
    () => boot,
    () => ({ password, backupKey }),
  );
});
