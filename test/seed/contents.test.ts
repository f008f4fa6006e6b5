import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { loadSeedTemplates, renderSeedFiles } from '../../builder/seed/contents.ts';
import type { ClientKeys } from '../../builder/seed/keys.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Client } from '../../builder/workspace/schema.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const SCRAM = { rounds: 4096, salt: 'ab', storedKey: '12', serverKey: '34' };
const KEYS: ClientKeys = {
  generation: 1,
  vpn: { privateKey: 'private', publicKey: `${'A'.repeat(43)}=` },
  presharedKey: 'preshared',
  token: 'token',
  tokenExpires: '2027-01-01T00:00:00Z',
  code: { text: 'AB2C-D3EF', salt: '0011223344556677' },
  account: { password: 'k7qe-m2xa-9tdb', bcrypt: '$2a$05$hash', scram: SCRAM },
  second: { password: 'b8rf-n3yb-8vec', bcrypt: '$2a$05$other', scram: { ...SCRAM, salt: 'cd' } },
  backupKey: 'a-b-c',
};
const NOTES = `overlay: notes
title: { fr: Bloc-notes, en: Notes }
summary: { fr: Un bloc-notes, en: A notebook }
settings:
  guest: { title: { fr: Invité, en: Guest }, default: "", pattern: "|[a-z]+" }
accounts:
  - { id: notes-guest, of: guest, title: { fr: Nom de l'invité, en: Name of the guest } }
templates:
  - { from: people.conf.hbs, to: /etc/notes/people.conf }
`;
const HOME = { hubKey: 'hub', pins: ['pin'], userCa: 'ca' };

/** A workspace with a service of the operator's own, which has an account for somebody whom a setting names. */
async function renderNotes(settings: Readonly<Record<string, string>>, keys: ClientKeys): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-notes-'));
  try {
    await cp(EXAMPLES, folder, { recursive: true, filter: (path) => !/\/(out|secrets|home)$/.test(path) });
    await mkdir(join(folder, 'overlays/notes'), { recursive: true });
    await writeFile(join(folder, 'overlays/notes/overlay.yaml'), NOTES);
    await writeFile(
      join(folder, 'overlays/notes/people.conf.hbs'),
      '{{account.name}} {{account.scram.salt}}\n{{#if accounts.notes-guest}}\n{{accounts.notes-guest.name}} {{accounts.notes-guest.scram.salt}}\n{{/if}}\n',
    );
    const workspace = await loadWorkspace(folder);
    const durand = workspace.clients.get('durand');
    if (!durand) throw new Error('the example has no client "durand"');
    const client: Client = { ...durand, settings: { notes: settings } };
    const files = renderSeedFiles(await loadSeedTemplates(workspace), workspace.operator, client, keys, HOME, ['notes']);
    return String(files.get('settings/etc/notes/people.conf'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function render(wifi?: Client['wifi'], services = ['website']) {
  const workspace = await loadWorkspace(EXAMPLES);
  const durand = workspace.clients.get('durand');
  if (!durand) throw new Error('the example has no client "durand"');
  return renderSeedFiles(await loadSeedTemplates(workspace), workspace.operator, { ...durand, wifi } as Client, KEYS, HOME, services);
}

describe('renderSeedFiles()', () => {
  it('says how to join a Wi-Fi network by its bytes and the key of IEEE 802.11i, never by the password', async () => {
    // The standard's own example of a passphrase (IEEE Std 802.11, annex J.4.2).
    const files = await render({ ssid: 'IEEE', password: 'password', country: 'FR' });
    const text = files.get('wifi.conf')?.toString() ?? '';
    expect(text).toContain('\n\tssid=49454545\n');
    expect(text).toContain('\n\tpsk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e\n');
    expect(text).toMatch(/^country=FR$/m);
    expect(text).not.toContain('password');
  });

  it('takes any name of a network: accents, quotes, braces', async () => {
    const ssid = `L'Herbier "d'Émilie" }`;
    const files = await render({ ssid, password: 'mot de passe', country: 'FR' });
    expect(files.get('wifi.conf')?.toString()).toContain(`\n\tssid=${Buffer.from(ssid).toString('hex')}\n`);
  });

  it("hashes the client's code as the card's switch does", async () => {
    const { stdout } = await execa('sh', ['-c', 'printf 0011223344556677:AB2CD3EF | sha256sum']);
    expect((await render()).get('code.hash')?.toString()).toBe(`sha256 0011223344556677 ${stdout.split(' ')[0]}\n`);
  });

  it('says nothing of Wi-Fi to a card that hangs on a cable', async () => {
    expect([...(await render()).keys()].filter((name) => !name.startsWith('settings/'))).toEqual([
      'seed.conf',
      'enrol/vpn.conf',
      'enrol/home.conf',
      'enrol/token',
      'code.hash',
    ]);
  });

  it("gives a service the accounts that its overlay declares, of an operator's own too, and none for whom nobody is named", async () => {
    const keys: ClientKeys = { ...KEYS, accounts: { 'notes-guest': { ...KEYS.account, scram: { ...SCRAM, salt: 'ef' } } } };
    expect(await renderNotes({ guest: 'zoe' }, keys)).toBe('durand ab\nzoe ef\n');
    expect(await renderNotes({}, KEYS)).toBe('durand ab\n');
    await expect(renderNotes({ guest: 'zoe' }, KEYS)).rejects.toThrow('no account was made for "notes-guest"');
  });

  it("gives the chat of a client of 0.1.0 the second person's account that was made then", async () => {
    const workspace = await loadWorkspace(EXAMPLES);
    const durand = workspace.clients.get('durand');
    const client = { ...durand, settings: { chat: { second: 'lea' } } } as unknown as Client;
    const files = renderSeedFiles(await loadSeedTemplates(workspace), workspace.operator, client, KEYS, HOME, ['chat']);
    const lines = ['domain durand.local', 'account durand 4096 ab 12 34', 'account lea 4096 cd 12 34'];
    expect(files.get('settings/etc/prosody/chat.conf')?.toString()).toBe(`${lines.join('\n')}\n`);
  });

  it("gives the services the hash of the people's password, never the password", async () => {
    const files = await render(undefined, ['front', 'website']);
    expect(files.get('settings/etc/caddy/account.caddy')?.toString()).toContain('\tdurand $2a$05$hash\n');
    for (const content of files.values()) expect(content.includes(KEYS.account.password)).toBe(false);
  });
});
