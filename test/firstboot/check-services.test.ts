import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeSeedKey, removeMade } from '../seed/seed-key.ts';
import { type Card, makeCard, SHELLS } from './card.ts';

afterAll(removeMade);

async function cardWith(programs: Readonly<Record<string, string>>): Promise<Card> {
  const card = await makeCard(await makeSeedKey());
  const list = Object.keys(programs).map((name) => `${name}\t/usr/lib/semeur/health.d/${name}\tfr\ten\n`);
  await writeFile(card.path('usr/lib/semeur/profile/health.list'), list.join(''));
  for (const [name, script] of Object.entries(programs)) {
    const file = card.path(`usr/lib/semeur/health.d/${name}`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return card;
}

describe.each(SHELLS.map((shell) => ({ shell })))('the health check under $shell', ({ shell }) => {
  it('names the services that do not answer, and why', async () => {
    const card = await cardWith({ well: 'exit 0', ill: 'echo "port 5232: refused"; echo more; exit 7', deaf: 'read -r word' });
    await mkdir(card.path('run/semeur'), { recursive: true });
    // Not the first check: nobody waits.
    await writeFile(card.path('run/semeur/ill'), 'well\tearlier\n');
    expect(await card.run(shell, 'check-services')).toEqual({ exitCode: 0, output: '' });
    expect(await card.read('run/semeur/ill')).toBe('ill\tport 5232: refused\ndeaf\t\n');
  });

  it('gives a service that has just been started time', async () => {
    const card = await cardWith({ slow: `[ -e "$ROOT/run/second" ] || { : >"$ROOT/run/second"; exit 1; }` });
    expect(await card.run(shell, 'check-services')).toEqual({ exitCode: 0, output: '' });
    expect(await card.read('run/semeur/ill')).toBe('');
  });
});
