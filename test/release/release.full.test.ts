import { appendFile, cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLock } from '../../builder/profile/lock.ts';
import { runCommand } from '../../kit/command.ts';
import { buildCards, CARDS, CHECKOUT } from '../card/cards.ts';
import { runAsOrdinaryUser } from '../card/ordinary-user.ts';
import { AS_ROOT, startLaterArchives } from '../card/rebuild.ts';
import { runInJob } from './release-job.ts';
import { makeKey } from './sample-release.ts';

/** Nobody listens there: whoever asks a mirror fails. Besides, another place, zone and language. */
const ELSEWHERE = {
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  TZ: 'Pacific/Chatham',
  LC_ALL: 'C.UTF-8',
  LANG: 'fr_FR.UTF-8',
};

let folder: string;
let key: string;
const release = () => join(folder, 'release');
beforeAll(async () => {
  await buildCards();
  folder = await mkdtemp(join(tmpdir(), 'semeur-release-'));
  key = await makeKey(folder, 'release_key');
});
afterAll(async () => void (await runCommand(['rm', '-rf', folder])));

describe('a release with its packages', () => {
  it('is made from a workspace, booted until its home hears that it is well, and signed', async () => {
    const made = await runInJob('release', 'maison', '--workspace', CARDS, '--out', release(), '--key', key, '--with-pool', '--json');
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    const report = JSON.parse(await readFile(join(release(), 'boot', 'report.json'), 'utf8'));
    expect(report).toMatchObject({ state: 'well', machine: 'virt' });
    expect(await readFile(join(release(), 'boot', 'console.txt'), 'utf8')).toContain('semeur: card ready host=release-trial');
  });

  it('is made again bit by bit, with no mirror and an empty cache, in another folder, zone and language, by an ordinary user where root made it', async () => {
    const cache = join(folder, 'cache');
    await mkdir(cache);
    const main = [process.execPath, '--disable-warning=ExperimentalWarning', join(CHECKOUT, 'cli/main.ts')];
    // Its exit code is in what it says.
    const argv = ['sh', '-c', 'umask 077; "$@" || :', 'sh', ...main, 'release', 'reproduce', release(), '--signers', `${key}.pub`, '--json'];
    const env = { ...ELSEWHERE, XDG_CACHE_HOME: cache, HOME: cache };
    const said = AS_ROOT ? await runAsOrdinaryUser(folder, [cache], argv, env) : String(await runCommand(argv, { env }));
    expect(JSON.parse(said)).toMatchObject({
      different: [],
      image: null,
      same: expect.arrayContaining(['maison.img.xz', 'maison.cdx.json', 'workspace.tar']),
    });
  });

  it('names the first file that is another, where one is', async () => {
    const workspace = join(folder, 'other');
    await cp(join(CHECKOUT, 'examples'), workspace, { recursive: true });
    for (const path of ['secrets', 'profiles/maison.lock']) await cp(join(CARDS, path), join(workspace, path), { recursive: true });
    await mkdir(join(workspace, 'overlays/note/files/usr/share/note'), { recursive: true });
    const overlay = 'overlay: note\ntitle: { fr: Note, en: Note }\nsummary: { fr: Une note, en: A note }\n';
    await writeFile(join(workspace, 'overlays/note/overlay.yaml'), overlay);
    await writeFile(join(workspace, 'overlays/note/files/usr/share/note/text'), 'one\n');
    const profile = join(workspace, 'profiles/maison.yaml');
    await writeFile(profile, (await readFile(profile, 'utf8')).replace(/^services: \[/m, 'services: [note, '));
    const [first, out] = [join(folder, 'first'), join(folder, 'tampered')];
    const made = await runInJob('release', 'maison', '--workspace', workspace, '--out', first, '--key', key, '--no-boot', '--with-pool');
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    // Its workspace says something else than what the image was made from.
    await writeFile(join(workspace, 'overlays/note/files/usr/share/note/text'), 'two\n');
    expect(await runInJob('release', 'maison', '--workspace', workspace, '--out', out, '--unsigned', '--no-boot')).toMatchObject({ exitCode: 0 });
    await cp(join(out, 'workspace.tar'), join(first, 'workspace.tar'));
    await runCommand(
      ['sh', '-c', 'find . -type f ! -name "SHA256SUMS*" ! -name release.pub -printf "%P\\n" | LC_ALL=C sort | xargs sha256sum >SHA256SUMS'],
      {
        cwd: first,
      },
    );
    expect(await runInJob('release', 'sign', first, '--key', key)).toMatchObject({ exitCode: 0 });
    const again = await runInJob('release', 'reproduce', first, '--signers', `${key}.pub`, '--json');
    expect(again.exitCode, again.stderr).toBe(1);
    expect(again.stdout, again.stderr).toContain('{');
    expect(JSON.parse(again.stdout).image).toMatchObject({ where: 'root file system', path: '/usr/share/note/text' });
  });
});

describe('ci/release.sh build', () => {
  it('releases from a committed lock with a cold cache, though the mirror has other lists by now: the same image', async () => {
    const work = join(folder, 'work');
    await cp(join(CHECKOUT, 'examples'), work, { recursive: true });
    for (const path of ['profiles/maison.lock', 'secrets/seed_key.pub']) await cp(join(CARDS, path), join(work, path.replace('secrets', 'ci')));
    await cp(join(CHECKOUT, 'templates/ci/release.sh'), join(work, 'ci/release.sh'));
    await using archives = await startLaterArchives(await readLock(work, 'maison'));
    await appendFile(join(work, 'semeur.yaml'), `mirror: ${archives.url}/debian\nsnapshot: ${archives.url}/archive/debian/{time}\n`);
    const git = (...args: string[]) => runCommand(['git', '-C', work, '-c', 'user.name=x', '-c', 'user.email=x@x.example', ...args]);
    await git('init', '--quiet');
    await git('add', 'semeur.yaml', 'profiles', 'ci');
    await git('commit', '--quiet', '--message', 'x');
    const commit = String(await runCommand(['git', '-C', CHECKOUT, 'rev-parse', 'HEAD'])).trim();
    const env = { SEMEUR_URL: CHECKOUT, SEMEUR_COMMIT: commit };
    // No seed key on standard input: nothing is booted.
    await runCommand(['sh', 'ci/release.sh', 'build'], { cwd: work, env });
    expect(String(await git('status', '--porcelain', '--untracked-files=no'))).toBe('');
    const [ours, first] = [join(work, 'release/maison'), release()];
    for (const name of ['maison.lock', 'maison.blocks.json', 'maison.img.xz'])
      expect((await readFile(join(ours, name))).equals(await readFile(join(first, name))), name).toBe(true);
  });
});
