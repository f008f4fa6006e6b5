import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Heartbeat, REQUESTS } from '../../protocol/requests.ts';
import { removeMade } from '../seed/seed-key.ts';
import { type Card, SHELLS, type Shell } from './card.ts';
import { wellCard } from './well-card.ts';

afterAll(removeMade);

const PARTS = ['report.sh', 'keep.sh', 'disk.sh', 'seed.sh', 'network.sh', 'home.sh', 'identity.sh', 'health.sh'];

/** What `ip` lists, the good ones last. */
const ADDRESSES: readonly (readonly [address: string, flags: string])[] = [
  ['fd5e:3e0f:1a2b:1::7/128', ''],
  ['fd00:1::dea6:32ff:fe01:203/64', 'dynamic mngtmpaddr noprefixroute'],
  ['2001:db8:1::1111/64', 'temporary dynamic'],
  ['2001:db8:0:1:dea6:32ff:fe01:203/64', 'deprecated dynamic mngtmpaddr noprefixroute'],
  ['2001:db8:2::2/64', 'tentative'],
  ['2001:db8:3::3/64', 'dadfailed tentative'],
  ['2001:db8:1::dea6:32ff:fe01:203/64', 'dynamic mngtmpaddr noprefixroute'],
  ['2001:db8:4::4/64', ''],
];

/** The heartbeat's body, as home takes it. */
async function healthOf(card: Card, shell: Shell, backupState?: string): Promise<Heartbeat> {
  await mkdir(card.path('etc/ssh'), { recursive: true });
  if (backupState !== undefined) await writeFile(card.path('var/lib/semeur/backup-state'), backupState);
  const script = `#!/bin/sh\nset -eu\nfor part in ${PARTS.join(' ')}; do . "$ROOT/usr/lib/semeur/$part"; done\nhealth\n`;
  await writeFile(card.path('usr/lib/semeur/try-health'), script);
  const { exitCode, output } = await card.run(shell, 'try-health');
  expect([exitCode, output]).toEqual([0, expect.stringMatching(/^\{.*\}$/)]);
  const beat = REQUESTS.heartbeat.parse(JSON.parse(output));
  // Home leaves out what it doesn't know: a card of today sends nothing that it would.
  expect(beat).toEqual(JSON.parse(output));
  return beat;
}

for (const shell of SHELLS) {
  describe(`health under ${shell.join(' ')}`, () => {
    let card: Card;
    beforeAll(async () => {
      card = await wellCard();
    });

    it('says nothing of backups on a card that makes none', async () => {
      expect(await healthOf(card, shell)).not.toHaveProperty('backup');
    });

    it('says how backups and restore tests went', async () => {
      const lines = 'at 1790000000\nfailed yes\nrestore-at 1780000000\nrestore-failed no\n';
      const { backup } = await healthOf(card, shell, lines);
      expect(backup).toEqual({ at: 1_790_000_000, failed: true, restoreAt: 1_780_000_000, restoreFailed: false });
    });

    it('says how security updates went, and nothing of them on a card that makes none', async () => {
      expect(await healthOf(card, shell)).not.toHaveProperty('updates');
      await writeFile(card.path('var/lib/semeur/updates-state'), 'at 1790000000\nfailed no\nreboot yes\n');
      expect((await healthOf(card, shell)).updates).toEqual({ at: 1_790_000_000, failed: false, reboot: true });
      await writeFile(card.path('var/lib/semeur/updates-state'), 'failed yes\nlater 1\n');
      expect((await healthOf(card, shell)).updates).toEqual({ at: null, failed: true, reboot: false });
      await rm(card.path('var/lib/semeur/updates-state'));
    });

    it("says how a service of the operator's own went, in camel case and by kind, and lets nothing through that JSON has not", async () => {
      await mkdir(card.path('var/lib/notes'), { recursive: true });
      const say = async (text: string) => {
        await writeFile(card.path('var/lib/notes/state'), text);
        return (await healthOf(card, shell)).status;
      };
      const empty = { moments: { lastSync: null }, flags: { full: false }, troubles: { failed: false } };
      expect(await healthOf(card, shell)).not.toHaveProperty('status');
      expect(await say('')).toBeUndefined();
      const told = { notes: { moments: { lastSync: 1_790_000_000 }, flags: { full: true }, troubles: { failed: true } } };
      expect(await say('last-sync 1790000000\nfull yes\nfailed yes\nsecret 12\n')).toEqual(told);
      expect(await say('last-sync 01\nfull "}\nfailed no\n"a":1 yes\n')).toEqual({ notes: empty });
      expect(await say(`${'x'.repeat(5000)}\nfailed yes\n`)).toEqual({ notes: empty });
      await rm(card.path('var/lib/notes/state'));
    });

    it('says its lasting address on the internet where its site is open to it directly, and on no other card (`ip` is a stand-in)', async () => {
      const setUp = async (direct: string, addresses: typeof ADDRESSES) => {
        await writeFile(card.path('etc/semeur/visitors.conf'), `direct ${direct}\n`);
        const lines = addresses.map(
          ([address, flags]) => `2: eth0    inet6 ${address} scope global ${flags} \\       valid_lft 86000sec preferred_lft 0sec`,
        );
        await writeFile(
          card.path('fake-bin/ip'),
          `#!/bin/sh\n[ "$*" = '-6 -o addr show scope global' ] || exit 1\ncat <<'END'\n${lines.join('\n')}\nEND\n`,
        );
        await chmod(card.path('fake-bin/ip'), 0o755);
        return healthOf(card, shell);
      };
      expect(await setUp('off', ADDRESSES)).not.toHaveProperty('ipv6');
      expect((await setUp('on', ADDRESSES)).ipv6).toBe('2001:db8:1::dea6:32ff:fe01:203');
      expect(await setUp('on', ADDRESSES.slice(0, 6))).not.toHaveProperty('ipv6');
      await rm(card.path('etc/semeur/visitors.conf'));
      expect(await healthOf(card, shell)).not.toHaveProperty('ipv6');
    });

    it.each([
      ['nothing yet', 'failed no\nrestore-failed no\n', false],
      ['words in place of numbers', 'at yesterday\nfailed yes\nrestore-at 12"}\nrestore-failed perhaps\n', true],
      ['numbers that JSON has not', 'at 007\nfailed yes\nrestore-at 99999999999999999999\n', true],
      ['lines of a later version', 'at\nfailed yes\nspeed 12\n\n', true],
    ])('keeps to the protocol where the file says %s', async (_, lines, failed) => {
      const { backup } = await healthOf(card, shell, lines);
      expect(backup).toEqual({ at: null, failed, restoreAt: null, restoreFailed: false });
    });
  });
}
