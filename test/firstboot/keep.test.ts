import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSeed, makeSeedKey, removeMade, type SeedKey } from '../seed/seed-key.ts';
import { makeCard, REGION, SHELLS } from './card.ts';

let key: SeedKey;
let seed: Buffer;
beforeAll(async () => {
  key = await makeSeedKey();
  seed = await makeSeed(key);
});
afterAll(removeMade);

const SCRIPT = (text: string) => `#!/bin/sh\nset -eu\n. "$ROOT/usr/lib/semeur/keep.sh"\n${text}\n`;

for (const shell of SHELLS) {
  describe(`keep under ${shell.join(' ')}`, { concurrent: true }, () => {
    it('keeps two files of one folder apart while two programs write them', async () => {
      const card = await makeCard(key);
      await writeFile(card.path('usr/lib/semeur/slow'), SCRIPT('{ sleep 1; echo claim; } | keep "$ROOT/var/lib/semeur/claim" 600'));
      await writeFile(card.path('usr/lib/semeur/quick'), SCRIPT('sleep 0.3; echo 1800000000 | keep "$ROOT/var/lib/semeur/clock" 644'));
      const ran = await Promise.all([card.run(shell, 'slow'), card.run(shell, 'quick')]);
      expect(ran).toEqual([
        { exitCode: 0, output: '' },
        { exitCode: 0, output: '' },
      ]);
      expect([await card.read('var/lib/semeur/claim'), await card.read('var/lib/semeur/clock')]).toEqual(['claim\n', '1800000000\n']);
    });

    it('leaves the old file on a full disk, even where a failure is asked about', async () => {
      const card = await makeCard(key);
      await writeFile(card.path('fake-bin/cat'), '#!/bin/sh\necho "No space left on device" >&2\nexit 1\n');
      await chmod(card.path('fake-bin/cat'), 0o755);
      await mkdir(card.path('var/lib/semeur'), { recursive: true });
      await writeFile(card.path('var/lib/semeur/endpoint'), 'old\n');
      await writeFile(card.path('usr/lib/semeur/asks'), SCRIPT('echo new | keep "$ROOT/var/lib/semeur/endpoint" 644 || echo "not kept"'));
      expect((await card.run(shell, 'asks')).output).toContain('not kept');
      expect(await card.read('var/lib/semeur/endpoint')).toBe('old\n');
      expect((await readdir(card.path('var/lib/semeur'))).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    it('leaves nothing of what a cut left half written', async () => {
      const card = await makeCard(key);
      await card.putOnDisk(seed, REGION.offset);
      await mkdir(card.path('var/lib/semeur'), { recursive: true });
      await writeFile(card.path('var/lib/semeur/.semeur.17.part'), 'half a ke');
      expect(await card.run(shell, 'run', 'early')).toEqual({ exitCode: 0, output: '' });
      expect((await readdir(card.path('var/lib/semeur'))).filter((name) => name.startsWith('.'))).toEqual([]);
    });
  });
}
