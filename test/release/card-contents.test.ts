import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CardContents, readCardContents } from '../../builder/release/software/card-contents.ts';
import { runCommand } from '../../kit/command.ts';
import { makeSmallCard } from './small-card.ts';

let folder: string;
let card: CardContents;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-contents-'));
  card = await readCardContents(await makeSmallCard(folder));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What dpkg itself reads there: a line a package, its state first. */
async function askDpkg(): Promise<string[]> {
  await mkdir(join(folder, 'updates'), { recursive: true });
  await writeFile(join(folder, 'available'), '');
  const format = ['db:Status-Status', 'Package', 'Version', 'Architecture', 'source:Package', 'source:Version', 'Section'].map(
    (field) => `\${${field}}`,
  );
  const command = ['dpkg-query', `--admindir=${folder}`, '--show', `--showformat=${format.join(' ')}\\n`];
  return (await runCommand(command)).toString('utf8').split('\n');
}

describe('readCardContents()', () => {
  it('names every package that dpkg-query lists, but for what only left its settings', async () => {
    const listed = await askDpkg();
    expect(listed).toContain('config-files dhcpcd-base 1:10.1.0-11 arm64 dhcpcd-base 1:10.1.0-11 net');
    const there = listed.filter((line) => line !== '' && !line.startsWith('config-files ')).map((line) => line.slice(line.indexOf(' ') + 1));
    const found = card.packages.map(({ name, version, architecture, source, section }) =>
      [name, version, architecture, source.name, source.version, section].join(' '),
    );
    expect(found.sort()).toEqual(there.sort());
    expect(found).toHaveLength(6);
  });

  it('reads what a package needs, alternatives too, and what it answers to', () => {
    const find = (wanted: string) => card.packages.find(({ name }) => name === wanted);
    expect(find('adduser')?.depends).toEqual(['passwd', 'dash', 'virtual-shell']);
    expect(find('busybox')).toMatchObject({ depends: ['libc6'], provides: ['virtual-shell'] });
  });

  it('finds licences through links, and none where a link leads in a circle', () => {
    expect(Object.fromEntries(card.licences)).toEqual({
      libc6: ['LGPL-2.1+'],
      'gcc-14-base': ['common-licenses/GPL-3'],
      'libgcc-s1': ['common-licenses/GPL-3'],
      busybox: ['Expat or Tiny', 'GPL-2'],
      adduser: [],
    });
  });

  it('knows which release it is', () => {
    expect(card.osRelease).toEqual({ PRETTY_NAME: 'Debian GNU/Linux 13 (trixie)', ID: 'debian', VERSION_ID: '13' });
  });
});
