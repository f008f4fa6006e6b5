import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCards, CARDS } from '../card/cards.ts';
import { readPackagesOfImage, readPackagesOfSbom, runInJob } from './release-job.ts';
import { makeKey } from './sample-release.ts';

let folder: string;
let key: string;
beforeAll(async () => {
  await buildCards();
  folder = await mkdtemp(join(tmpdir(), 'semeur-release-'));
  key = await makeKey(folder, 'release_key');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('a job of CI', () => {
  it('makes a release without a key, signs it in another step, and verifies it', async () => {
    const out = join(folder, 'release');
    const made = await runInJob('release', 'maison', '--workspace', CARDS, '--out', out, '--unsigned', '--no-boot', '--json');
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(made.stdout)).toMatchObject({ profile: 'maison', signer: null, folder: out });
    expect(await runInJob('release', 'verify', out, '--signers', `${key}.pub`)).toMatchObject({ exitCode: 1 });
    const signed = await runInJob('release', 'sign', out, '--key', key, '--json');
    expect(signed, signed.stderr).toMatchObject({ exitCode: 0 });
    const { signer } = JSON.parse(signed.stdout);
    const verified = await runInJob('release', 'verify', out, '--signers', `${key}.pub`, '--json');
    expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(verified.stdout)).toMatchObject({ signer, profile: 'maison' });
  });

  it('lists each package that the database on the card has, with its version', async () => {
    const release = join(folder, 'release');
    const packages = await readPackagesOfImage(join(release, 'maison.img.xz'), folder);
    expect(packages.length).toBeGreaterThan(150);
    expect(await readPackagesOfSbom(join(release, 'maison.cdx.json'))).toEqual(packages);
  });

  it('has no secret of the workspace in the folder, and no path of this machine', async () => {
    const secret = (await readFile(join(CARDS, 'secrets', 'seed_key'), 'utf8')).split('\n')[2] ?? '';
    expect(secret).toHaveLength(70);
    for (const name of ['workspace.tar', 'maison.json', 'maison.blocks.json', 'maison.cdx.json', 'maison.intoto.json', 'index.json', 'NOTES.md']) {
      const text = await readFile(join(folder, 'release', name), 'latin1');
      expect(text, name).not.toContain(secret);
      expect(text, name).not.toContain(CARDS);
    }
  });

  it('ends with what its exit code says, and leaves what was there', async () => {
    const mine = join(folder, 'mine');
    await writeFile(mine, 'mine');
    const args = ['--workspace', CARDS, '--unsigned', '--no-boot'];
    expect(await runInJob('release', 'maison', '--out', mine, ...args)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is no release'),
    });
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect(await runInJob('release', 'maison', '--workspace', CARDS, '--out', join(folder, 'x'), '--key', join(folder, 'none'))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('ssh-keygen -t ed25519'),
    });
  });
});
