import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureClientKeys } from '../../builder/seed/keys.ts';
import { ensureSecrets, makeVpnKey } from '../../builder/workspace/secrets.ts';
import { runCommand } from '../../kit/command.ts';
import { hubNurseryAddress, nurseryAddress } from '../../protocol/addresses.ts';

let workspace: string;

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'semeur-keys-'));
});

afterEach(() => rm(workspace, { recursive: true }));

describe('ensureSecrets() and ensureClientKeys()', () => {
  it('make keys once, which only their owner can read', async () => {
    await ensureSecrets(workspace);
    const first = await ensureClientKeys(workspace, 'durand');
    await ensureSecrets(workspace);
    expect(await ensureClientKeys(workspace, 'durand')).toEqual(first);
    const files = (await readdir(join(workspace, 'secrets'), { recursive: true, withFileTypes: true })).map(({ parentPath, name }) =>
      join(parentPath, name),
    );
    expect(files.length).toBeGreaterThan(4);
    for (const file of files.filter((name) => !name.endsWith('.pub'))) expect((await stat(file)).mode & 0o077, file).toBe(0);
  });

  it('make of half a key pair no other one: the public half is made from the private one, or is all there is', async () => {
    await ensureSecrets(workspace);
    const file = join(workspace, 'secrets', 'seed_key');
    const half = (text: string) => text.split(' ').slice(0, 2).join(' ');
    const before = half(await readFile(`${file}.pub`, 'utf8'));
    await rm(`${file}.pub`);
    await ensureSecrets(workspace);
    expect(half(await readFile(`${file}.pub`, 'utf8')).trim()).toBe(before);
    await rm(file);
    await ensureSecrets(workspace);
    expect(half(await readFile(`${file}.pub`, 'utf8')).trim()).toBe(before);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('give each client other keys', async () => {
    await ensureSecrets(workspace);
    const [one, two] = [await ensureClientKeys(workspace, 'durand'), await ensureClientKeys(workspace, 'martin')];
    const values = [one, two].flatMap(({ vpn, presharedKey, token }) => [vpn.privateKey, vpn.publicKey, presharedKey, token]);
    expect(new Set(values).size).toBe(8);
  });

  it('refuse a secret that others may read, and never print it', async () => {
    await ensureSecrets(workspace);
    const keys = await ensureClientKeys(workspace, 'durand');
    const file = join(workspace, 'secrets', 'clients', 'durand.json');
    await runCommand(['chmod', '644', file]);
    const error = await ensureClientKeys(workspace, 'durand').catch((thrown: Error) => thrown);
    expect(String(error)).toContain('others may read it');
    expect(String(error)).not.toContain(keys.token);
    await runCommand(['chmod', '600', file]);
    await runCommand(['sh', '-c', 'head -c 30 "$1" > "$1.part" && cat "$1.part" > "$1"', 'sh', file]);
    await expect(ensureClientKeys(workspace, 'durand')).rejects.toThrow('it is damaged');
    expect((await readFile(file)).length).toBe(30);
  });
});

describe('makeVpnKey()', () => {
  it('makes keys as wg does: the public half is what "wg pubkey" makes of the private one', async () => {
    const { privateKey, publicKey } = makeVpnKey();
    expect((await runCommand(['wg', 'pubkey'], { input: privateKey })).toString('utf8').trim()).toBe(publicKey);
  });
});

describe('nurseryAddress()', () => {
  it("lies in the operator's nursery network, and is the key's own", () => {
    const address = nurseryAddress('fd5e:3e0f:1a2b::/48', 'a');
    expect(address).toMatch(/^fd5e:3e0f:1a2b:ffff(:[0-9a-f]{4}){4}\/128$/);
    expect(nurseryAddress('fd5e:3e0f:1a2b::/48', 'b')).not.toBe(address);
    expect(hubNurseryAddress('fd5e:3e0f:1a2b::/48')).toBe('fd5e:3e0f:1a2b:ffff::1');
    expect(nurseryAddress('fd5e::/48', 'a')).toMatch(/^fd5e:0:0:ffff:/);
  });
});
