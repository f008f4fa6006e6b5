import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNetwork, type TrialNetwork, whyNoNetwork } from '../../builder/try/network.ts';
import { type Card, DASH, makeCard } from '../firstboot/card.ts';
import { makeSeedKey, removeMade } from '../seed/seed-key.ts';

const SCRIPT = join(import.meta.dirname, '../../builder/try/examine-service.sh');
const LISTS = '/usr/lib/semeur/profile';
const WHOLE = '/usr/lib/semeur';
const reason = await whyNoNetwork();

afterAll(removeMade);

describe.skipIf(reason)(`examine-service.sh (stand-ins for systemd, dpkg and time${reason === undefined ? '' : `; ${reason}`})`, () => {
  let network: TrialNetwork;
  let card: Card;

  const put = async (file: string, text: string) => {
    await mkdir(dirname(card.path(file)), { recursive: true });
    await writeFile(card.path(file), text);
    await chmod(card.path(file), 0o755);
  };
  const standIn = (name: string, program: string) => put(`fake-bin/${name}`, `#!/bin/sh\n${program}\n`);
  const examine = async (...units: readonly string[]) => {
    const { exitCode, output } = await card.run(DASH, 'examine', ...units);
    expect(exitCode).toBe(0);
    return output;
  };

  beforeEach(async () => {
    network = await openNetwork({ signal: new AbortController().signal });
    card = await makeCard(await makeSeedKey(), network.enter);
    await mkdir(card.path('var/tmp'), { recursive: true });
    await mkdir(card.path('run/semeur'), { recursive: true });
    await copyFile(SCRIPT, card.path(`${WHOLE}/examine`));
    await put(`${LISTS}/health.list`, `notes\t${WHOLE}/health.d/notes\tBloc-notes\tNotes\n`);
    await put(`${LISTS}/ports.list`, 'lan\ttcp\t7000\n');
    await put(`${LISTS}/backup.list`, 'notes\tpath\t/var/lib/notes\nnotes\tpath\t/var/lib/not-yet\nnotes\tunit\tnotes.service\n');
    await put(`${WHOLE}/health.d/notes`, '#!/bin/sh\n[ -e "$ROOT/var/lib/notes/été.txt" ] || { echo "no notes are there"; exit 1; }\n');
    await put('usr/lib/systemd/system/notes.service', '[Service]\nExecStart=/usr/bin/true\n');
    await put('var/lib/notes/été.txt', 'thym, mélisse\n');
    await standIn('sleep', 'exit');
    await standIn('dpkg', 'exit 1');
    await standIn('systemd-analyze', 'echo "→ Overall exposure level for $3: 4.9 OK"');
  });
  afterEach(() => network.close());

  it('finds a service well that is, whose backup is put back', async () => {
    expect(await examine('notes.service', 'notes.timer')).toBe(
      `well answers
well listens only where its overlay says
well shuts notes.service in (4.9 of 10)
well is restored from a backup (1 of 2 paths are there)
well answers after that`,
    );
    expect(await card.read('var/lib/notes/été.txt')).toBe('thym, mélisse\n');
    const units = 'notes.service notes.timer';
    expect((await card.calls()).filter((call) => call.includes('notes'))).toEqual([`systemctl stop ${units}`, `systemctl start ${units}`]);
  });

  it('stops and starts nothing for a service without units of its own', async () => {
    expect(await examine()).toContain('well is restored from a backup (1 of 2 paths are there)\nwell answers after that');
    expect((await card.calls()).filter((call) => call.startsWith('systemctl'))).toEqual([]);
  });

  it('says what is ill: an answer, a port, a sandbox, and a backup that comes back otherwise', async () => {
    await rm(card.path('var/lib/notes/été.txt'));
    await put('var/lib/notes/menthe.txt', 'menthe\n');
    await standIn('systemd-analyze', 'echo "→ Overall exposure level for $3: 9.6 UNSAFE"');
    await standIn('tar', 'exec /usr/bin/tar --exclude=menthe.txt "$@"');
    const [first = '', ...words] = [...network.enter, 'busybox', 'httpd', '-f', '-p', '8123', '-h', card.root];
    const server = execa(first, words, { reject: false });
    try {
      const listens = [...network.enter, 'sh', '-c', 'until ss -Hlnt | grep -q :8123; do sleep 0.1; done'] as const;
      await execa(listens[0], listens.slice(1));
      expect(await examine('notes.service')).toBe(
        `ill answers: notes no notes are there
ill listens only where its overlay says: tcp 8123
ill shuts notes.service in (9.6 of 10): systemd-analyze security says more than 5.0
ill is restored from a backup (1 of 2 paths are there): what came back is not what was there
ill answers after that: notes no notes are there`,
      );
    } finally {
      server.kill();
      await server;
    }
  });

  it('keeps what it found when it can go no further, with what was said', async () => {
    await put(`${LISTS}/backup.list`, 'notes\tbefore\t/usr/lib/notes/dump\nnotes\tpath\t/var/lib/notes\n');
    expect(await examine()).toMatch(
      /^well answers\nwell listens only where its overlay says\n.*dump.*not found\nill lets itself be examined: exit code 127$/,
    );
  });
});
