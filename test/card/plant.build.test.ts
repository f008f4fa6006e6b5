import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { runCommand } from '../../kit/command.ts';
import { buildCards, CARDS, semeur } from './cards.ts';

const plant = (client: string, target: string) => semeur('plant', client, target, '--workspace', CARDS);
const sha256 = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

beforeAll(async () => {
  await buildCards('--format', 'img');
});

describe('"semeur plant"', () => {
  it("makes of one client's image another's, byte for byte", async () => {
    await withWorkFolder(async (work) => {
      const card = join(work.path, 'card.img');
      await runCommand(['cp', '--sparse=always', join(CARDS, 'out', 'durand.img'), card]);
      await plant('bakery', card);
      expect(await sha256(card)).toBe(await sha256(join(CARDS, 'out', 'bakery.img')));
    });
  });

  it('puts the seed on the boot partition of a card that has grown over its seed region', async () => {
    await withWorkFolder(async (work) => {
      const card = join(work.path, 'card.img');
      await runCommand(['cp', '--sparse=always', join(CARDS, 'out', 'durand.img'), card]);
      await runCommand(['truncate', '--size=+64M', card]);
      await runCommand(['sh', '-c', 'echo ", +" | sfdisk --quiet --no-reread -N 2 "$1"', 'sh', card]);
      const before = await runCommand(['tail', '--bytes=70000000', card]);
      expect(await plant('durand', card)).toContain('boot partition');
      const seed = await runCommand(['mtype', '-i', `${card}@@8M`, '::semeur.seed']);
      expect(seed.equals(await readFile(join(CARDS, 'out', 'durand.seed')))).toBe(true);
      expect((await runCommand(['tail', '--bytes=70000000', card])).equals(before)).toBe(true);
    });
  });

  it.each([
    ['no disk at all', (file: string) => writeFile(file, 'a letter to a friend\n'.repeat(1000))],
    ['a compressed image', (file: string) => runCommand(['cp', join(CARDS, 'out', 'profiles', 'maison.img.xz'), file])],
    [
      'a disk of something else',
      async (file: string) => runCommand(['sh', '-c', 'truncate -s 64M "$1" && printf "label: dos\\n,,c\\n" | sfdisk --quiet "$1"', 'sh', file]),
    ],
    [
      'a card that is cut short',
      async (file: string) => runCommand(['sh', '-c', 'head -c 700M "$1" > "$2"', 'sh', join(CARDS, 'out', 'durand.img'), file]),
    ],
  ])('refuses %s, and changes nothing', async (_, make) => {
    await withWorkFolder(async (work) => {
      const file = join(work.path, 'target');
      await make(file);
      const before = await sha256(file);
      await expect(plant('durand', file)).rejects.toThrow('Cannot plant on');
      expect(await sha256(file)).toBe(before);
      await rm(file);
    });
  });
});
