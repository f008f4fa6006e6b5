import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSameBytes } from '../same-bytes.ts';
import { FILES, makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { CARD_BYTES, type Card, makeCard, REGION, ROOT_START, SHELLS, type Shell } from './card.ts';

let key: SeedKey;
let seed: Buffer;
beforeAll(async () => {
  key = await makeSeedKey();
  seed = await makeSeed(key);
});
afterAll(removeMade);

const P2_SIZE = 'sys/devices/mmc/mmcblk0/mmcblk0p2/size';

/** A card that has read its seed from the region. */
async function earlyCard(shell: Shell): Promise<Card> {
  const card = await makeCard(key);
  await card.putOnDisk(seed, REGION.offset);
  expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
  return card;
}

for (const shell of SHELLS) {
  describe(`70-wipe under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('touches nothing when the root file system ends beyond the region', async () => {
      const card = await earlyCard(shell);
      await writeFile(card.path(P2_SIZE), `${(REGION.offset - ROOT_START) / 512 + 1}\n`);
      expect(await card.run(shell, 'enrol.d/70-wipe')).toEqual({ exitCode: 0, output: '' });
      expect(await card.onDisk(REGION.offset, seed.length)).toEqual(seed);
    });

    it('touches nothing where no seed stands', async () => {
      const card = await earlyCard(shell);
      await card.putOnDisk(Buffer.from('X'), REGION.offset);
      const before = await readFile(card.disk);
      expect(await card.run(shell, 'enrol.d/70-wipe')).toEqual({ exitCode: 0, output: '' });
      expectSameBytes(await readFile(card.disk), before);
    });

    it('zeroes the region to its last byte, and nothing beside it', async () => {
      const card = await earlyCard(shell);
      await card.putOnDisk(Buffer.alloc(REGION.bytes - seed.length, 1), REGION.offset + seed.length);
      await card.putOnDisk(Buffer.from('before'), REGION.offset - 6);
      await card.putOnDisk(Buffer.from('after'), REGION.offset + REGION.bytes);
      await card.run(shell, 'enrol.d/70-wipe');
      const around = await card.onDisk(REGION.offset - 6, REGION.bytes + 11);
      expectSameBytes(around, Buffer.concat([Buffer.from('before'), Buffer.alloc(REGION.bytes), Buffer.from('after')]));
    });

    it('takes away a file of zeros, which a cut left', async () => {
      const card = await earlyCard(shell);
      await card.dropSeed(Buffer.alloc(20_000));
      expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
      await card.run(shell, 'enrol.d/70-wipe');
      await expect(stat(card.path('boot/firmware/semeur.seed'))).rejects.toThrow('ENOENT');
    });
  });

  describe(`75-grow under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('refuses while a seed stands in the region', async () => {
      const card = await earlyCard(shell);
      const { exitCode, output } = await card.run(shell, 'enrol.d/75-grow');
      expect(exitCode).toBe(3);
      expect(output).toContain("The card doesn't grow");
      expect(await card.calls()).toEqual([]);
    });

    it('goes on from a table that was written and not told to the kernel', async () => {
      const card = await earlyCard(shell);
      await card.run(shell, 'enrol.d/70-wipe');
      await card.run(shell, 'enrol.d/75-grow');
      await writeFile(card.path(P2_SIZE), `${(REGION.offset - ROOT_START) / 512}\n`);
      const before = (await card.calls()).length;
      await card.run(shell, 'enrol.d/75-grow');
      expect((await card.calls()).slice(before)).toEqual([`partx --update --nr 2 ${card.disk}`, `resize2fs ${card.disk}p2`]);
      expect(await card.read(P2_SIZE)).toBe(`${(CARD_BYTES - ROOT_START) / 512}\n`);
    });
  });

  describe(`20-identity under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('makes the host key again when a power cut left it empty, and not otherwise', async () => {
      const card = await earlyCard(shell);
      const file = card.path('etc/ssh/ssh_host_ed25519_key');
      const first = await readFile(file);
      await card.run(shell, 'early.d/20-identity');
      expect(await readFile(file)).toEqual(first);
      for (const damage of [() => truncate(file, 0), () => truncate(file, 100), () => rm(`${file}.pub`)]) {
        const before = await readFile(file);
        await damage();
        expect(await card.run(shell, 'early.d/20-identity')).toEqual({ exitCode: 0, output: '' });
        expect(await readFile(file)).not.toEqual(before);
        const { stdout } = await execa('ssh-keygen', ['-y', '-P', '', '-f', file]);
        expect((await readFile(`${file}.pub`, 'utf8')).trim()).toBe(stdout);
      }
    });

    it('says so, and goes on, when the time zone is unknown', async () => {
      const card = await earlyCard(shell);
      await rm(card.path('usr/share/zoneinfo'), { recursive: true });
      const { exitCode, output } = await card.run(shell, 'early.d/20-identity');
      expect(exitCode).toBe(0);
      expect(output).toContain("doesn't know the time zone Europe/Paris");
    });
  });

  describe(`80-services under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('starts every unit of the list again, and names those that refuse', async () => {
      const card = await earlyCard(shell);
      await writeFile(card.path('usr/lib/semeur/profile/units.list'), 'one.service\ntwo.service\nthree.service\n');
      await writeFile(card.path('fake-bin/systemctl'), `#!/bin/sh\necho "$*" >>'${card.path('fake-bin/calls')}'\n[ "$3" != two.service ]\n`);
      const { exitCode, output } = await card.run(shell, 'enrol.d/80-services');
      expect(exitCode).toBe(3);
      expect(output).toContain("These services don't start: two.service.");
      expect(await card.calls()).toEqual(['one', 'two', 'three'].map((unit) => `--no-block restart ${unit}.service`));
    });
  });

  describe(`the green light under ${shell.join(' ')}`, { concurrent: true }, () => {
    const litCard = async () => {
      const card = await earlyCard(shell);
      await mkdir(card.path('sys/class/leds/ACT'), { recursive: true });
      for (const file of ['trigger', 'delay_on', 'delay_off']) await writeFile(card.path(`sys/class/leds/ACT/${file}`), '');
      return card;
    };

    it('is steady once all is done', async () => {
      const card = await litCard();
      await card.run(shell, 'run', 'enrol');
      expect(await card.read('sys/class/leds/ACT/trigger')).toBe('default-on\n');
      expect(await card.read('run/semeur/state')).toBe('done\n');
      expect((await card.calls()).filter((call) => call.startsWith('modprobe'))).toEqual([
        'modprobe --quiet ledtrig-heartbeat',
        'modprobe --quiet ledtrig-default-on',
      ]);
    });

    it('blinks slowly when the card needs help', async () => {
      const card = await litCard();
      await writeFile(card.path('fake-bin/resize2fs'), '#!/bin/sh\nexit 9\n');
      await card.run(shell, 'run', 'enrol');
      expect(await card.read('sys/class/leds/ACT/trigger')).toBe('timer\n');
      expect(await card.read('sys/class/leds/ACT/delay_on')).toBe('1000\n');
      expect(await card.read('run/semeur/state')).toBe('needs-help\n');
    });
  });

  describe(`run under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('tells of a step that fails, writes it in the report, and does not call the card ready', async () => {
      const card = await earlyCard(shell);
      await writeFile(card.path('fake-bin/resize2fs'), '#!/bin/sh\nexit 9\n');
      expect(await card.run(shell, 'run', 'enrol')).toMatchObject({ exitCode: 1 });
      expect(await card.read('boot/firmware/semeur-report.txt')).toContain("L'étape 75-grow a échoué (code 9)");
      expect(await card.read('dev/console')).not.toContain('card ready');
      // The steps after it were still done.
      expect(await card.read('etc/motd')).toBe('Bonjour\n');
    });

    it('puts English first for a client who reads English', async () => {
      const card = await makeCard(key);
      const files = new Map([...FILES, ['seed.conf', Buffer.from('hostname durand\nlanguage en\ntimezone Europe/Paris\n')]]);
      await card.dropSeed(await makeSeed(key, {}, files));
      await card.run(shell, 'run', 'early');
      await card.run(shell, 'run', 'enrol');
      const report = await card.read('boot/firmware/semeur-report.txt');
      expect(report.indexOf('is ready')).toBeLessThan(report.indexOf('est prête'));
      expect(await card.read('dev/console')).toMatch(/^\nsemeur: The card durand is ready\.\nsemeur: La carte durand est prête\.$/m);
    });

    it.each([
      { consoles: 'tty0 ttyAMA0\n', onScreen: true },
      { consoles: 'ttyAMA0 tty1\n', onScreen: false },
    ])('speaks on the screen beside the console once, when the consoles are %o', async ({ consoles, onScreen }) => {
      const card = await earlyCard(shell);
      await mkdir(card.path('sys/class/tty/console'), { recursive: true });
      await writeFile(card.path('sys/class/tty/console/active'), consoles);
      await writeFile(card.path('dev/tty1'), '');
      await card.run(shell, 'run', 'enrol');
      expect((await card.read('dev/tty1')).includes('La carte durand est prête.')).toBe(onScreen);
      expect(await card.read('dev/console')).toContain('La carte durand est prête.');
    });
  });
}
