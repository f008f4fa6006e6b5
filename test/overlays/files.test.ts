import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../until.ts';
import { makeServiceCard, type ServiceCard, whyNoService } from './service-card.ts';

const reason = await whyNoService('syncthing', 'curl');

/** One Syncthing, as the card's unit starts it. */
interface Peer {
  readonly home: string;
  readonly gui: string;
  readonly id: string;
  api(path: string, method?: string, body?: object): Promise<unknown>;
}

describe.skipIf(reason)(`synchronised folders (${reason ?? 'Syncthing'})`, () => {
  let card: ServiceCard;
  let peer: Peer;
  let other: Peer;

  const prepare = (home: string) =>
    card.run('env', `STATE_DIRECTORY=${home}`, `CREDENTIALS_DIRECTORY=${card.path('etc/semeur')}`, 'sh', card.path('usr/lib/semeur/files/prepare'));
  const statusOf = async (...argv: readonly string[]) =>
    (await card.run('curl', '--silent', '--output', '/dev/null', '--write-out', '%{http_code}', ...argv)).output;

  async function startPeer(name: string, number: number): Promise<Peer> {
    const home = card.path(`var/lib/${name}`);
    await card.run('mkdir', '-p', home);
    expect(await prepare(home)).toMatchObject({ exitCode: 0 });
    const file = `${home}/config/config.xml`;
    // Two on one machine: the unit has a port of its own, as each card has.
    if (number > 0)
      await writeFile(
        file,
        (await readFile(file, 'utf8')).replace('<options>', `<options><listenAddress>tcp://127.0.0.1:${22000 + number}</listenAddress>`),
      );
    const gui = `127.0.0.1:${8384 + number}`;
    const argv = ['serve', '--no-browser', '--no-restart', '--no-upgrade', '--logflags=0', `--config=${home}/config`, `--data=${home}/index`];
    card.start('env', `STGUIADDRESS=${gui}`, 'STMONITORED=yes', 'STNODEFAULTFOLDER=1', 'syncthing', ...argv);
    await until(async () => /<apikey>./.test(await readFile(file, 'utf8')) && /200|401/.test(await statusOf(`http://${gui}/`)));
    const key = /<apikey>(.*)<\/apikey>/.exec(await readFile(file, 'utf8'))?.[1] ?? '';
    const api = async (path: string, method = 'GET', body?: object) => {
      const words = ['--silent', '--fail', '--request', method, '--header', `X-API-Key: ${key}`, ...(body ? ['--data', JSON.stringify(body)] : [])];
      const { exitCode, output } = await card.run('curl', ...words, `http://${gui}/rest${path}`);
      expect(exitCode, `${method} ${path}`).toBe(0);
      return output === '' ? undefined : JSON.parse(output);
    };
    const { myID } = (await api('/system/status')) as { myID: string };
    return { home, gui, id: myID, api };
  }

  beforeAll(async () => {
    card = await makeServiceCard('files');
    [peer, other] = [await startPeer('syncthing', 0), await startPeer('other', 1)];
  });

  afterAll(() => card?.close());

  it('are well by the health check, and listen where the overlay says', async () => {
    expect(await card.run(card.path('usr/lib/semeur/health.d/files'))).toEqual({ exitCode: 0, output: '' });
    const { output } = await card.run('ss', '-Hlnt');
    const places = output.split('\n').flatMap((line) => /\s(\S+:\d+)\s/.exec(line)?.[1] ?? []);
    expect(places.sort()).toEqual(['*:22000', '127.0.0.1:22001', '127.0.0.1:8384', '127.0.0.1:8385']);
  });

  it('let in the account of the leaflet alone, and answer to no name of a network', async () => {
    const page = `http://${peer.gui}/meta.js`;
    expect(await statusOf(page)).toMatch(/40[13]/);
    expect(await statusOf('--user', 'durand:another', page)).toMatch(/40[13]/);
    expect(await statusOf('--user', `durand:${card.password}`, page)).toBe('200');
    expect(await statusOf('--user', `durand:${card.password}`, '--header', 'Host: durand.local', page)).toBe('403');
  });

  it('ask nobody on the internet, and tell nobody of themselves', async () => {
    expect(await peer.api('/config/options')).toMatchObject({
      ...{ globalAnnounceEnabled: false, relaysEnabled: false, natEnabled: false, stunKeepaliveStartS: 0, localAnnounceEnabled: true },
      ...{ urAccepted: -1, crashReportingEnabled: false, autoUpgradeIntervalH: 0 },
    });
  });

  it('bring a file from one device to the other, and keep what was deleted', async () => {
    for (const [one, another, port] of [
      [peer, other, 22001],
      [other, peer, 22000],
    ] as const) {
      await one.api('/config/devices', 'POST', { deviceID: another.id, addresses: [`tcp://127.0.0.1:${port}`] });
      await one.api('/config/folders/files', 'PATCH', { devices: [{ deviceID: one.id }, { deviceID: another.id }] });
    }
    await writeFile(`${other.home}/files/été.txt`, 'thym, mélisse\n');
    await other.api('/db/scan?folder=files', 'POST');
    await until(async () => (await readFile(`${peer.home}/files/été.txt`, 'utf8').catch(() => '')) === 'thym, mélisse\n', 30);
    await card.run('rm', `${other.home}/files/été.txt`);
    await other.api('/db/scan?folder=files', 'POST');
    await until(async () => (await readFile(`${peer.home}/files/.stversions/été.txt`, 'utf8').catch(() => '')) === 'thym, mélisse\n', 30);
  });

  it('find one another away from home where the client wants it, and only then', async () => {
    const config = () => readFile(`${peer.home}/config/config.xml`, 'utf8');
    const before = await config();
    const conf = card.path('etc/semeur/files.conf');
    const said = await readFile(conf, 'utf8');
    await writeFile(conf, said.replace('relays off', 'relays on'));
    await prepare(peer.home);
    for (const name of ['globalAnnounceEnabled', 'relaysEnabled', 'natEnabled']) expect(await config()).toContain(`<${name}>true</`);
    await writeFile(conf, said);
    await prepare(peer.home);
    expect(await config()).toBe(before);
  });

  it('keep their key for themselves, through starts', async () => {
    const key = `${peer.home}/config/key.pem`;
    const before = await readFile(key, 'utf8');
    await prepare(peer.home);
    expect(await readFile(key, 'utf8')).toBe(before);
    expect((await stat(key)).mode & 0o077).toBe(0);
    expect(other.id).not.toBe(peer.id);
  });
});
