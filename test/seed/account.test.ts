import { createHash, createHmac } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completeAccount, deriveScram, makeClientAccount } from '../../builder/seed/account.ts';
import { ensureClientKeys, findAccount, reissueClientKeys } from '../../builder/seed/keys.ts';
import { writeOrders } from '../../builder/seed/order.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';

/** The example of RFC 7677, section 3. */
const EXAMPLE = {
  password: 'pencil',
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  said: [
    'n=user,r=rOprNGfwEbeRWgbNEkqO',
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  ].join(','),
  proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  signature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

describe('deriveScram()', () => {
  it('makes what lets a server tell the password from another, and show that it knows it (RFC 7677)', () => {
    const { storedKey, serverKey } = deriveScram(EXAMPLE.password, EXAMPLE.salt, 4096);
    const mask = hmac(Buffer.from(storedKey, 'hex'), EXAMPLE.said);
    const clientKey = Buffer.from(EXAMPLE.proof, 'base64').map((byte, index) => byte ^ (mask[index] ?? 0));
    expect(createHash('sha256').update(clientKey).digest('hex')).toBe(storedKey);
    expect(hmac(Buffer.from(serverKey, 'hex'), EXAMPLE.said).toString('base64')).toBe(EXAMPLE.signature);
  });
});

describe('makeClientAccount()', () => {
  it('makes another password, salt and hash each time', async () => {
    const accounts = await Promise.all([makeClientAccount(), makeClientAccount()]);
    const values = accounts.flatMap(({ password, bcrypt, scram }) => [password, bcrypt, scram.salt, scram.storedKey, scram.serverKey]);
    expect(new Set(values).size).toBe(10);
    for (const { password, bcrypt, scram } of accounts) expect(JSON.stringify({ bcrypt, scram })).not.toContain(password);
  });

  it('is completed where an older Semeur made it, with its password and hash as they were', async () => {
    const { scram, ...older } = await makeClientAccount();
    const completed = await completeAccount(older);
    expect(completed).toMatchObject(older);
    expect(completed.scram).toEqual(deriveScram(older.password, completed.scram.salt));
    expect(await completeAccount({ ...older, scram })).toEqual({ ...older, scram });
  });
});

describe('ensureClientKeys()', () => {
  it('gives an older client what a newer service asks for, and changes nothing else', async () => {
    const workspace = await mkdtemp(join(tmpdir(), 'semeur-account-'));
    try {
      await ensureSecrets(workspace);
      const { account, ...others } = await ensureClientKeys(workspace, 'durand');
      const { scram: _, ...older } = account;
      const file = join(workspace, 'secrets', 'clients', 'durand.json');
      await writeFile(file, JSON.stringify({ ...others, account: older }));
      const completed = await ensureClientKeys(workspace, 'durand');
      expect(completed).toMatchObject({ ...others, account: older });
      expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(completed);
      expect(await ensureClientKeys(workspace, 'durand')).toEqual(completed);
    } finally {
      await rm(workspace, { recursive: true });
    }
  });

  it('makes an account for each that is asked for, once, keeps it when keys are issued anew, and takes the second person of 0.1.0 for that of the chat', async () => {
    const workspace = await mkdtemp(join(tmpdir(), 'semeur-account-'));
    const ensure = (...ids: string[]) => ensureClientKeys(workspace, 'durand', new Date(), ids);
    try {
      await ensureSecrets(workspace);
      expect(await ensure()).not.toHaveProperty('accounts');
      const { accounts = {} } = await ensure('notes', 'notes-guest');
      expect(Object.values(accounts).map(({ password }) => password)).toEqual(Array(2).fill(expect.stringMatching(/^([a-z2-9]{4}-){2}[a-z2-9]{4}$/)));
      expect((await ensure('notes')).accounts).toEqual(accounts);
      const second = await makeClientAccount();
      const file = join(workspace, 'secrets', 'clients', 'durand.json');
      await writeFile(file, JSON.stringify({ ...(await ensure()), second }));
      expect(findAccount(await ensure('chat'), 'chat')).toEqual(second);
      const reissued = await reissueClientKeys(workspace, 'durand');
      expect(reissued).toMatchObject({ generation: 2, accounts, second });
      expect(Object.keys(reissued.accounts ?? {})).toEqual(['notes', 'notes-guest']);
      expect(findAccount(reissued, 'constructor')).toBeUndefined();
    } finally {
      await rm(workspace, { recursive: true });
    }
  });
});

describe('writeOrders()', () => {
  it("puts on the leaflet what the client's services take, and no second person where they named none; tells home of sites alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-account-'));
    try {
      const examples = join(import.meta.dirname, '../../examples');
      await cp(examples, folder, { recursive: true, filter: (path) => !/\/(out|secrets|home)$/.test(path) });
      await ensureSecrets(folder);
      const loaded = await loadWorkspace(folder);
      const maison = loaded.profiles.get('maison') ?? expect.fail('the example has no profile "maison"');
      const workspace = { ...loaded, profiles: new Map([['maison', { ...maison, services: ['website', 'chat'] }]]) };
      const durand = workspace.clients.get('durand') ?? expect.fail('the example has no client "durand"');
      const { account, backupKey } = await ensureClientKeys(folder, 'durand');
      const read = () => readFile(join(folder, 'out', 'durand.account'), 'utf8');
      await writeOrders(workspace, [durand]);
      expect(await read()).toBe(`name durand\npassword ${account.password}\nbackup-key ${backupKey}\n`);
      await writeOrders(workspace, [{ ...durand, settings: { chat: { second: 'lea' } } }]);
      const password = (await ensureClientKeys(folder, 'durand')).accounts?.['chat']?.password;
      const lines = ['name durand', `password ${account.password}`, 'chat-name lea', `chat-password ${password}`, `backup-key ${backupKey}`];
      expect((await read()).trim().split('\n')).toEqual(lines);
      const order = async () => JSON.parse(await readFile(join(folder, 'out', 'orders', 'durand.json'), 'utf8'));
      expect(await order()).not.toHaveProperty('domains');
      await writeOrders(workspace, [{ ...durand, settings: { website: { domain: 'www.durand.example' }, chat: { domain: 'chat.example' } } }]);
      expect((await order()).domains).toEqual(['www.durand.example']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
