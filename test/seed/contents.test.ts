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
const HOME = { hubKey: 'hub', pins: ['pin'], userCa: 'ca' };

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

  it("gives the services the hash of the people's password, never the password", async () => {
    const files = await render(undefined, ['front', 'website']);
    expect(files.get('settings/etc/caddy/account.caddy')?.toString()).toContain('\tdurand $2a$05$hash\n');
    for (const content of files.values()) expect(content.includes(KEYS.account.password)).toBe(false);
  });
});
