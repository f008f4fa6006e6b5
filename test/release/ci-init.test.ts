import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { findSemeurSource } from '../../builder/house/semeur-source.ts';
import { ensureSecrets } from '../../builder/workspace/secrets.ts';
import { findIn } from '../workspace/sample-workspace.ts';

const MAIN = join(findCheckout(), 'cli/main.ts');
const URL = 'https://git.racines.example/semeur.git';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-init-ci-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function init(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, 'init', 'w', ...args], {
    cwd: folder,
    reject: false,
    env: { LC_ALL: 'C' },
  });
  return { code: exitCode, stdout, stderr };
}

const ci = (forge: string, url = URL) => init('--ci', forge, '--semeur', url);
const read = (path: string) => readFile(join(folder, 'w', path), 'utf8');

// A release tarball has no commit to pin.
const { exitCode } = await execa('git', ['-C', findCheckout(), '-c', 'safe.directory=*', 'rev-parse', 'HEAD'], { reject: false });

describe.skipIf(exitCode !== 0)('semeur init --ci, in a git checkout', () => {
  it('starts a workspace with it, or adds it to one, and changes nothing else', async () => {
    expect(await ci('github')).toMatchObject({ code: 0, stderr: '' });
    expect(await read('.github/workflows/semeur.yml')).toContain(`SEMEUR_URL: "${URL}"`);
    expect(await findIn(join(folder, 'w'))).toEqual([]);
    const before = await read('semeur.yaml');
    await ensureSecrets(join(folder, 'w'));
    expect(await ci('gitlab')).toMatchObject({ code: 0, stdout: expect.stringContaining('Wrote ".gitlab-ci.yml"\nWrote "ci/seed_key.pub"\n') });
    expect(await read('semeur.yaml')).toBe(before);
    expect(await read('ci/seed_key.pub')).toBe(await read('secrets/seed_key.pub'));
    expect(await ci('gitlab')).toMatchObject({ code: 0, stdout: expect.stringContaining('has all that "gitlab" needs already') });
    expect((await readdir(join(folder, 'w/ci'))).sort()).toEqual(['release.sh', 'seed_key.pub']);
  });

  it('never overwrites what an operator changed, and then writes nothing', async () => {
    await ci('github');
    await writeFile(join(folder, 'w/ci/release.sh'), '# mine\n');
    expect(await ci('forgejo')).toMatchObject({ code: 2, stderr: expect.stringContaining('git mv ci/release.sh ci/release.sh.old') });
    expect(await read('ci/release.sh')).toBe('# mine\n');
    expect(await readdir(join(folder, 'w'))).not.toContain('.forgejo');
  });

  it('refuses options that nobody would hear, and addresses that CI can not use or nobody may read', async () => {
    expect(await init('--semeur', URL)).toMatchObject({ code: 2, stderr: expect.stringContaining('without --ci') });
    const secret = await ci('github', 'https://me:hunter2@git.example/semeur');
    expect(secret).toMatchObject({ code: 2, stderr: expect.stringContaining('--semeur https://') });
    expect(secret.stderr).not.toContain('hunter2');
    await ci('github');
    expect(await init('--ci', 'gitlab', '--operator', 'X')).toMatchObject({ code: 2, stderr: expect.stringContaining('Cannot take --operator') });
  });
});

describe('findSemeurSource()', () => {
  const git = (...args: string[]) => execa('git', ['-c', 'user.name=x', '-c', 'user.email=x@x.example', '-C', folder, ...args]);

  it('takes the remote "origin" where others can read it', async () => {
    await git('init', '-q');
    await expect(findSemeurSource(URL, folder)).rejects.toThrow('is no git checkout');
    await git('commit', '-q', '--allow-empty', '-m', 'x');
    const { stdout: commit } = await git('rev-parse', 'HEAD');
    expect(await findSemeurSource(URL, folder)).toEqual({ url: URL, commit });
    for (const other of ['git@git.example:semeur.git', '/srv/semeur', 'https://me@git.example/semeur', 'http://git.example/semeur']) {
      await git('remote', 'add', 'origin', other);
      await expect(findSemeurSource(undefined, folder)).rejects.toThrow('"origin" of this checkout is no public address');
      await git('remote', 'remove', 'origin');
    }
    await git('remote', 'add', 'origin', URL);
    expect(await findSemeurSource(undefined, folder)).toEqual({ url: URL, commit });
    // Unpacked inside of another repository.
    await execa('mkdir', [join(folder, 'inside')]);
    await expect(findSemeurSource(URL, join(folder, 'inside'))).rejects.toThrow('is no git checkout');
  });
});
