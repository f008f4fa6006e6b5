import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeCard } from '../../builder/try/disk.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { until } from '../until.ts';
import { BOOT_SECONDS } from './first-boot.ts';
import { LAN, withGround } from './ground.ts';
import { buildCardImage, CLIENT, EVERY_SERVICE } from './images.ts';

const OTHER = 'durand';
const SERIAL = '10000000c0ffee03';
/**
 * Where the other card's own network has the way in to the first one. QEMU gives each machine a network of its own, so the two hear nothing of each other:
 * the address is told by hand, as people do whose network lets no broadcasts through.
 */
const FIRST_ADDRESS = `10.0.2.2:${LAN.files}`;

/** Run on a card: asks its Syncthing, as its page does. rest METHOD PATH [DATA] */
const REST = `
rest() {
	key=$(sed -n 's|.*<apikey>\\(.*\\)</apikey>.*|\\1|p' /var/lib/private/syncthing/config/config.xml)
	curl --silent --show-error --fail --request "$1" --header "X-API-Key: $key" \${3:+--data "$3"} "http://127.0.0.1:8384/rest$2"
}
cd /var/lib/private/syncthing/files
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-two-cards-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('two cards that were told of each other have the same folder, and the one keeps what the other overwrites', async () => {
  // After each other: they share a workspace.
  const first = await buildCardImage('services', EVERY_SERVICE);
  const other = await buildCardImage('services', EVERY_SERVICE, OTHER);
  await withGround(first, async (ground) => {
    const newCard = (raw: string, name: string) => makeCard(createQuietSession(), raw, join(folder, `${name}.qcow2`));
    const visit = (client: string, script: string) => ground.semeur('ssh', '--state', ground.state, client, `${REST}${script}`);
    const ask = async (client: string, path: string) => JSON.parse(await visit(client, `rest GET ${path}`));
    const change = (client: string, method: string, path: string, body: object) => visit(client, `rest ${method} ${path} '${JSON.stringify(body)}'`);
    const reads = (client: string, file: string, text: string) =>
      until(async () => (await visit(client, `cat '${file}' 2>/dev/null || :`)) === text, 300);
    const answers = (client: string) => until(async () => (await visit(client, 'rest GET /system/ping || :')).includes('pong'), 600);

    await ground.startHome();
    const machines = [
      await ground.startCard({ disk: await newCard(first.raw, CLIENT) }),
      await ground.startCard({ disk: await newCard(other.raw, OTHER), serial: SERIAL, forwards: [] }),
    ];
    // Each may have half a processor.
    for (const machine of machines) await machine.waitFor('the enrolled card', 2 * BOOT_SECONDS, ({ seconds }) => seconds.ready !== null);
    for (const client of [CLIENT, OTHER]) {
      await ground.waitForCard(client, 'well', 600, ({ state }) => state === 'well');
      await answers(client);
    }

    const idOf = async (client: string): Promise<string> => (await ask(client, '/system/status')).myID;
    const [firstId, otherId] = [await idOf(CLIENT), await idOf(OTHER)];
    expect(firstId).not.toBe(otherId);
    for (const [client, known] of [
      [CLIENT, { deviceID: otherId }],
      [OTHER, { deviceID: firstId, addresses: [`tcp://${FIRST_ADDRESS}`] }],
    ] as const) {
      await change(client, 'POST', '/config/devices', known);
      await change(client, 'PATCH', '/config/folders/files', { devices: [{ deviceID: firstId }, { deviceID: otherId }] });
    }
    await until(async () => (await ask(OTHER, '/system/connections')).connections[firstId]?.connected === true, 300);
    expect((await ask(OTHER, '/system/connections')).connections[firstId].address).toBe(FIRST_ADDRESS);

    await visit(OTHER, "echo 'thym, mélisse' >été.txt");
    await reads(CLIENT, 'été.txt', 'thym, mélisse\n');
    await visit(CLIENT, "echo 'thym, sauge' >été.txt");
    await reads(OTHER, 'été.txt', 'thym, sauge\n');
    await reads(OTHER, '.stversions/été.txt', 'thym, mélisse\n');
  });
});
