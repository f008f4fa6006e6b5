import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';

/** Writes down what it is asked and what lies in secrets/, and makes of a release what the script looks at. */
const SEMEUR = `#!/bin/sh
set -eu
main() {
	printf '%s' "$*" | sed 's| /[^ ]*/key| KEY|' >>"$CALLS"
	[ ! -e secrets ] || printf '  (%s)' "$(cd secrets && stat -c '%n %a' -- * | tr '\\n' ' ' | sed 's/ $//')" >>"$CALLS"
	echo >>"$CALLS"
	case "$1 \${2-}" in
	'release sign') grep -q "$WANTED" "$5" && [ "$(stat -c %a "$5")" = 600 ] && printf '%s' "$5" >"$CALLS.key" ;;
	'release verify') [ -z "\${BROKEN-}" ] ;;
	'release '*) mkdir -p "$4/secrets" && cp "\${OTHER:-secrets/seed_key.pub}" "$4/secrets/seed_key.pub" && tar -cf "$4/workspace.tar" -C "$4" secrets/seed_key.pub ;;
	esac
}
main "$@"
`;

let folder = '';
let env: Record<string, string> = {};
const at = (...parts: string[]) => join(folder, ...parts);
const git = (cwd: string, ...args: string[]) => execa('git', ['-c', 'user.name=x', '-c', 'user.email=x@x.example', ...args], { cwd });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-ci-'));
  for (const path of ['semeur/builder/house', 'work/ci', 'work/profiles', 'tmp', 'bin']) await mkdir(at(path), { recursive: true });
  await writeFile(at('semeur/semeur'), SEMEUR);
  await chmod(at('semeur/semeur'), 0o755);
  // Nothing is installed on the machine of a test.
  await writeFile(at('semeur/builder/house/missing-packages.sh'), '');
  await git(at('semeur'), 'init', '-q');
  await git(at('semeur'), 'add', '.');
  await git(at('semeur'), 'commit', '-q', '-m', 'x');
  const { stdout: commit } = await git(at('semeur'), 'rev-parse', 'HEAD');
  await git(at('work'), 'init', '-q');
  await copyFile(join(findCheckout(), 'templates/ci/release.sh'), at('work/ci/release.sh'));
  await writeFile(at('work/ci/seed_key.pub'), 'ssh-ed25519 AAAA seed\n');
  const PATH = `${at('bin')}:${process.env['PATH']}`;
  env = { SEMEUR_URL: at('semeur'), SEMEUR_COMMIT: commit, CALLS: at('calls'), WANTED: 'PRIVATE KEY', TMPDIR: at('tmp'), PATH };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\ncorrect-horse\n-----END OPENSSH PRIVATE KEY-----\n';

async function addProfiles(...names: string[]): Promise<void> {
  for (const name of names) for (const end of ['yaml', 'lock']) await writeFile(at('work/profiles', `${name}.${end}`), '');
}

async function run(task: string, input: string, shell = 'sh', more: Record<string, string> = {}) {
  const result = await execa(shell, ['ci/release.sh', task], { cwd: at('work'), env: { ...env, ...more }, input, reject: false, all: true });
  // Whatever happened, no key was shown, and none is left.
  expect(result.all).not.toContain('correct-horse');
  expect(await readdir(at('tmp'))).toEqual([]);
  expect(await readdir(at('work'))).not.toContain('secrets');
  const calls = await readFile(at('calls'), 'utf8').catch(() => '');
  await rm(at('calls'), { force: true });
  return { code: result.exitCode, stderr: result.stderr, calls: calls.trimEnd().split('\n') };
}

describe('ci/release.sh, with a stand-in for Semeur', () => {
  it.each([[['maison']], [['atelier', 'mairie', 'maison']]])(
    'build makes every profile, with a boot when the seed key is there: %j',
    async (names) => {
      await addProfiles(...names);
      const keys = '(seed_key 600 seed_key.pub 644)';
      for (const shell of ['dash', 'bash']) {
        const { code, stderr, calls } = await run('build', KEY, shell);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(calls).toEqual(['check --json', ...names.map((name) => `release ${name} --out release/${name} --unsigned  ${keys}`)]);
      }
      const { stdout } = await git(at('work'), 'status', '--short', '--untracked-files=all');
      expect(stdout).not.toMatch(/ release\/|\.semeur|\.cache/);
    },
  );

  it('build boots nothing without the seed key', async () => {
    await addProfiles('maison');
    expect(await run('build', '\n')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('no image is booted'),
      calls: ['check --json', 'release maison --out release/maison --unsigned --no-boot  (seed_key.pub 644)'],
    });
  });

  it('build stops without a lock, without the public key, and at an image for another key', async () => {
    await addProfiles('maison');
    expect(await run('build', KEY, 'sh', { OTHER: 'semeur.yaml' })).toMatchObject({ code: 1 });
    await writeFile(at('other.pub'), 'ssh-ed25519 BBBB other\n');
    expect(await run('build', KEY, 'sh', { OTHER: at('other.pub') })).toMatchObject({ code: 1 });
    await rm(at('work/profiles/maison.lock'));
    expect(await run('build', KEY)).toMatchObject({ code: 1, stderr: expect.stringContaining('semeur profile build maison') });
    await rm(at('work/ci/seed_key.pub'));
    expect(await run('build', KEY)).toMatchObject({ code: 1, stderr: expect.stringContaining('cp secrets/seed_key.pub ci/') });
  });

  it('build takes the secrets of somebody who runs it by hand, and leaves them', async () => {
    await addProfiles('maison');
    await mkdir(at('work/secrets'), { mode: 0o700 });
    for (const name of ['seed_key', 'seed_key.pub']) await copyFile(at('work/ci/seed_key.pub'), at('work/secrets', name));
    const { exitCode } = await execa('sh', ['ci/release.sh', 'build'], { cwd: at('work'), env, input: '' });
    expect(exitCode).toBe(0);
    expect(await readdir(at('work/secrets'))).toEqual(['seed_key', 'seed_key.pub']);
    expect(await readFile(at('calls'), 'utf8')).toContain('--unsigned  (');
  });

  it('sign signs and verifies each, and leaves no key behind, also when it fails', async () => {
    for (const name of ['atelier', 'maison']) await mkdir(at('work/release', name), { recursive: true });
    await writeFile(at('work/release.pub'), 'ssh-ed25519 AAAA release\n');
    const signed = (name: string) => [`release sign release/${name} --key KEY`, `release verify release/${name}`];
    expect(await run('sign', KEY)).toEqual({ code: 0, stderr: '', calls: ['--help', ...signed('atelier'), ...signed('maison')] });
    const key = await readFile(at('calls.key'), 'utf8');
    expect(key).toMatch(new RegExp(`^${at('tmp')}/.*/key$`));
    expect(await run('sign', KEY, 'dash', { BROKEN: 'yes' })).toMatchObject({ code: 1, calls: ['--help', ...signed('atelier')] });
    expect(await run('sign', '')).toMatchObject({ code: 1, stderr: expect.stringContaining('set SEMEUR_RELEASE_KEY'), calls: ['--help'] });
  });

  it('sign stops without the public half that its releases are verified with, before it takes the key', async () => {
    await mkdir(at('work/release/maison'), { recursive: true });
    const { code, stderr, calls } = await run('sign', KEY);
    expect({ code, calls }).toEqual({ code: 1, calls: [''] });
    expect(stderr).toContain('release.pub is missing');
    expect(stderr).toContain('cp secrets/release_key.pub release.pub');
  });

  it('check hands on what check says, and leaves the schemas that editors read, which are in git', async () => {
    await mkdir(at('work/.semeur'));
    await writeFile(at('work/.semeur/operator.schema.json'), '{}');
    expect(await run('check', '')).toEqual({ code: 0, stderr: '', calls: ['check --json'] });
    expect(await readdir(at('work/.semeur'))).toEqual(['operator.schema.json']);
    expect(await run('destroy', '')).toMatchObject({ code: 1, calls: [''] });
  });

  it('publish copies the folder, by a stand-in for rsync that sees key and host', async () => {
    const rsync = '#!/bin/sh\nset -eu\nmain() {\n\tprintf "%s " "$@" | sed "s|$TMPDIR/[^/]*/|/|g" >"$CALLS"\n}\nmain "$@"\n';
    await writeFile(at('bin/rsync'), rsync);
    await chmod(at('bin/rsync'), 0o755);
    const target = { SEMEUR_PUBLISH_TO: 'semeur@www.racines.example:releases', SEMEUR_PUBLISH_HOST: 'www.racines.example ssh-ed25519 AAAA' };
    const { code, calls } = await run('publish', KEY, 'sh', target);
    expect({ code, calls }).toEqual({
      code: 0,
      calls: [expect.stringMatching(/--rsh=ssh -i \/key -o UserKnownHostsFile=\/known_hosts .* release\/ semeur@www\.racines\.example:releases/)],
    });
    expect(await run('publish', KEY)).toMatchObject({ stderr: expect.stringContaining('SEMEUR_PUBLISH_HOST') });
  });
});
