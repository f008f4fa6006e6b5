import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { openNetwork } from '../../builder/try/network.ts';
import { BUSYBOX, type Card, DASH, makeCard, SHELLS, type Shell } from '../firstboot/card.ts';
import { makeSeedKey, removeMade } from '../seed/seed-key.ts';
import { type SftpServer, startSftpServer, whyNoSftpServer } from './sftp-server.ts';

afterAll(removeMade);

const OVERLAY = join(import.meta.dirname, '../../overlays/backup/files');

/** A card with a service whose notes are worth keeping, and a disk plugged in. */
async function cardWithNotes(to = 'usb', within: readonly string[] = []): Promise<Card> {
  const card = await makeCard(await makeSeedKey(), within);
  await cp(join(OVERLAY, 'usr/lib/semeur/backup'), card.path('usr/lib/semeur/backup'), { recursive: true });
  await cp(join(OVERLAY, 'usr/sbin/semeur-restore'), card.path('usr/sbin/semeur-restore'));
  await mkdir(card.path('etc/semeur'), { recursive: true });
  await writeFile(card.path('etc/semeur/backup.conf'), `to ${to}\nkey k7qe-m2xa-9tdb\n`);
  const lines = ['notes\tpath\t/var/lib/notes', 'notes\tpath\t/var/lib/not-yet', 'notes\tunit\tnotes.service'];
  await writeFile(card.path('usr/lib/semeur/profile/backup.list'), `${lines.join('\n')}\n`);
  await mkdir(card.path('var/lib/notes'), { recursive: true });
  await writeFile(card.path('var/lib/notes/été.txt'), 'thym, mélisse\n');
  if (to === 'usb') await mkdir(card.path('mnt/semeur'), { recursive: true });
  return card;
}

const backUp = (card: Card, shell: Shell) => card.run(shell, 'backup/backup');
const state = (card: Card) => card.read('var/lib/semeur/backup-state');
const noServer = await whyNoSftpServer();

/** The key as home gives it: with a certificate beside it, which is of no use to the server, and which ssh offers all the same. */
async function makeHostKey(card: Card): Promise<string> {
  const [ca, key] = [card.path('etc/ssh/test_ca'), card.path('etc/ssh/ssh_host_ed25519_key')];
  await mkdir(card.path('etc/ssh'), { recursive: true });
  for (const file of [ca, key]) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  await execa('ssh-keygen', ['-q', '-s', ca, '-h', '-I', 'herbier', '-n', 'herbier', `${key}.pub`]);
  return readFile(`${key}.pub`, 'utf8');
}

describe.each(SHELLS.map((shell) => ({ shell })))('backups by restic under $shell', ({ shell }) => {
  it('bring back what was deleted, with the service stopped meanwhile', async () => {
    const card = await cardWithNotes();
    const before = Math.floor(Date.now() / 1000);
    expect(await backUp(card, shell)).toEqual({ exitCode: 0, output: '' });
    const said = await state(card);
    expect(said).toMatch(/^at \d+\nfailed no\n$/);
    expect(Number(/\d+/.exec(said)?.[0])).toBeGreaterThanOrEqual(before);
    await rm(card.path('var/lib/notes'), { recursive: true });
    expect(await card.run(shell, '/usr/sbin/semeur-restore')).toMatchObject({ exitCode: 0, output: expect.stringContaining('restored latest') });
    expect(await card.read('var/lib/notes/été.txt')).toBe('thym, mélisse\n');
    expect((await card.calls()).filter((call) => call.includes('notes.service'))).toEqual([
      'systemctl stop notes.service',
      'systemctl start notes.service',
    ]);
  });

  it('are tried, and a damaged one is told of', async () => {
    const card = await cardWithNotes();
    await backUp(card, shell);
    expect(await card.run(shell, 'backup/restore-test')).toEqual({ exitCode: 0, output: '' });
    expect(await state(card)).toMatch(/^restore-at \d+\nrestore-failed no\nat \d+\nfailed no\n$/);
    await expect(readFile(card.path('var/lib/semeur/restore-trial/été.txt'))).rejects.toThrow();
    const { stdout } = await execa('find', [card.path('mnt/semeur/semeur-backup/data'), '-type', 'f']);
    for (const pack of stdout.split('\n')) await damage(pack);
    expect((await card.run(shell, 'backup/restore-test')).exitCode).not.toBe(0);
    expect(await state(card)).toMatch(/^restore-failed yes\nrestore-at \d+\n/);
  });

  it('are said to have failed when the disk is not there, and the last good date stays', async () => {
    const card = await cardWithNotes();
    await backUp(card, shell);
    await rm(card.path('mnt/semeur'), { recursive: true });
    expect(await backUp(card, shell)).toMatchObject({ exitCode: 1, output: expect.stringContaining('no disk with a partition called SEMEUR') });
    expect(await state(card)).toMatch(/^failed yes\nat \d+\n$/);
  });

  it('can be read by nobody without the key', async () => {
    const card = await cardWithNotes();
    await backUp(card, shell);
    const env = { RESTIC_REPOSITORY: card.path('mnt/semeur/semeur-backup'), RESTIC_PASSWORD: 'another' };
    await expect(execa('restic', ['snapshots'], { env })).rejects.toThrow('wrong password');
    const { stdout } = await execa('restic', ['snapshots', '--json'], { env: { ...env, RESTIC_PASSWORD: 'k7qe-m2xa-9tdb' } });
    expect(JSON.parse(stdout)).toHaveLength(1);
  });

  it('are not made where the client wants none, and that is no failure', async () => {
    const card = await cardWithNotes('');
    expect(await backUp(card, shell)).toEqual({ exitCode: 0, output: '' });
    expect(await card.run(shell, 'backup/restore-test')).toEqual({ exitCode: 0, output: '' });
    await expect(state(card)).rejects.toThrow('ENOENT');
  });
});

describe.skipIf(noServer)(`backups to a server (${noServer ?? 'restic, OpenSSH'})`, () => {
  it.each([
    { to: 'sftp:root@127.0.0.1:herbier', shell: DASH },
    { to: 'sftp://root@127.0.0.1:22/herbier', shell: BUSYBOX },
  ])("go to $to by the card's own key alone, are listed, tried, and come back under $shell", async ({ to, shell }) => {
    const network = await openNetwork({ signal: new AbortController().signal });
    let server: SftpServer | undefined;
    try {
      const card = await cardWithNotes(to, network.enter);
      const hostKey = await makeHostKey(card);
      const start = (key: string) => startSftpServer(network.enter, card.path('server'), '127.0.0.1', key);
      server = await start('');
      expect((await backUp(card, shell)).exitCode).toBe(1);
      expect(await state(card)).toBe('failed yes\n');
      await server.stop();
      server = await start(hostKey);
      expect(await backUp(card, shell)).toEqual({ exitCode: 0, output: '' });
      expect(await state(card)).toMatch(/^at \d+\nfailed no\n$/);
      await rm(card.path('var/lib/notes'), { recursive: true });
      expect(await card.run(shell, '/usr/sbin/semeur-restore', '--list')).toMatchObject({ exitCode: 0, output: expect.stringMatching(/ semeur\b/) });
      expect(await card.run(shell, 'backup/restore-test')).toMatchObject({ exitCode: 0 });
      expect(await card.run(shell, '/usr/sbin/semeur-restore')).toMatchObject({ exitCode: 0, output: expect.stringContaining('restored latest') });
      expect(await card.read('var/lib/notes/été.txt')).toBe('thym, mélisse\n');
    } finally {
      await server?.stop();
      await network.close();
    }
  });
});

async function damage(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0, Math.floor(bytes.length / 4), Math.floor(bytes.length / 2));
  await rm(file);
  await writeFile(file, bytes);
}
