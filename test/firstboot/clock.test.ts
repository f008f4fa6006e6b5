import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { type Card, makeCard, SHELLS } from './card.ts';

let key: SeedKey;
beforeAll(async () => {
  key = await makeSeedKey();
});
afterAll(removeMade);

const BUILD_TIME = 1_700_000_000;

/** A card with a clock of its own, in a file. */
async function cardAt(seconds: number, saved?: string): Promise<Card> {
  const card = await makeCard(key);
  const now = card.path('now');
  await writeFile(now, `${seconds}\n`);
  await writeFile(card.path('fake-bin/date'), `#!/bin/sh\ncase $1 in +%s) cat '${now}' ;; --set) echo "\${2#@}" >'${now}' ;; esac\n`);
  await mkdir(card.path('var/lib/semeur'), { recursive: true });
  if (saved !== undefined) await writeFile(card.path('var/lib/semeur/clock'), saved);
  return card;
}

const clock = async (card: Card) => Number(await card.read('now'));

for (const shell of SHELLS) {
  describe(`05-clock under ${shell.join(' ')}`, { concurrent: true }, () => {
    it.each([
      ['at least the build time', 0, undefined, BUILD_TIME],
      ['at least the saved time, the save interval and a minute', 0, '1800000000\n', 1_800_000_360],
      ['at least the build time, whatever was saved before it', 0, '1600000000\n', BUILD_TIME],
      ['at least the build time when a cut left no saved time', 0, '', BUILD_TIME],
      ['as it is when that is later', 1_900_000_000, '1800000000\n', 1_900_000_000],
    ])('sets the clock %s', async (_, at, saved, expected) => {
      const card = await cardAt(at, saved);
      expect(await card.run(shell, 'early.d/05-clock')).toEqual({ exitCode: 0, output: '' });
      expect(await clock(card)).toBe(expected);
    });
  });

  describe(`follow_home under ${shell.join(' ')}`, { concurrent: true }, () => {
    const NOW = 1_800_000_000;
    const follow = async (card: Card, word: string) => {
      const text = '#!/bin/sh\nset -eu\n. "$ROOT/usr/lib/semeur/keep.sh"\n. "$ROOT/usr/lib/semeur/clock.sh"\nfollow_home "$1"\n';
      await writeFile(card.path('usr/lib/semeur/follow'), text);
      expect(await card.run(shell, 'follow', word)).toEqual({ exitCode: 0, output: '' });
    };

    it.each([
      ['steps forward', `${NOW + 6}`, NOW + 6],
      ['steps back', `${NOW - 900}`, NOW - 900],
      ['leaves 5 s alone', `${NOW + 5}`, NOW],
      ['takes no word for a time', '12; reboot', NOW],
      ['takes no absurd time', '99999999999999', NOW],
      ['takes no missing time', '', NOW],
    ])('%s', async (_, word, expected) => {
      const card = await cardAt(NOW);
      await follow(card, word);
      expect(await clock(card)).toBe(expected);
    });

    it('leaves a clock that a time server has set', async () => {
      const card = await cardAt(NOW);
      await writeFile(card.path('fake-bin/timedatectl'), '#!/bin/sh\necho yes\n');
      await follow(card, `${NOW + 1000}`);
      expect(await clock(card)).toBe(NOW);
    });

    it('keeps what would set the clock ahead again at the next start from doing so', async () => {
      const card = await cardAt(NOW, `${NOW}\n`);
      const kept = card.path('var/lib/systemd/timesync/clock');
      await mkdir(card.path('var/lib/systemd/timesync'), { recursive: true });
      await writeFile(kept, '');
      await utimes(kept, 4_000_000_000, 4_000_000_000);
      await follow(card, `${NOW - 1000}`);
      expect(await card.read('var/lib/semeur/clock')).toBe(`${NOW - 1000}\n`);
      expect((await stat(kept)).mtimeMs / 1000).toBeLessThan(4_000_000_000);
    });
  });
}
