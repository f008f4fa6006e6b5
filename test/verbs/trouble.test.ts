import { spawn } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { namespaceCommand } from '../../builder/sandbox/sandbox.ts';
import { semeur } from '../terminal/open-terminal.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const IS_ROOT = process.getuid?.() === 0;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-trouble-'));
  await chmod(folder, 0o755);
  await cp(EXAMPLES, join(folder, 'coop'), { recursive: true });
  await mkdir(join(folder, 'cache'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** The command line to its end, in the workspace, with a cache of its own. */
function run(argv: readonly string[], env: Readonly<Record<string, string | undefined>> = {}, cwd = join(folder, 'coop')): Promise<Ran> {
  const start = performance.now();
  const own = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), NODE_NO_WARNINGS: '1', ...env };
  const child = spawn(argv[0] ?? '', argv.slice(1), { cwd, env: own, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  return new Promise((done) => child.once('close', (code) => done({ code, ...said, seconds: (performance.now() - start) / 1000 })));
}

/** In namespaces of its own, once `prepare` has changed something there. */
const inside = (prepare: string, argv: readonly string[], ...more: readonly string[]) => [
  ...[...namespaceCommand(), ...more, 'sh', '-euc', `mount --make-rprivate /; ${prepare}; exec "$@"`, 'sh'],
  ...argv,
];
const asUser = (argv: readonly string[]) => ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...argv];

/** What happened, and what to do, each in a line; nothing of the machine's state is a bug. */
function expectSentences({ stderr }: Ran, what: RegExp, hint: RegExp): void {
  const lines = stderr.split('\n');
  const at = lines.findIndex((line) => line.startsWith('semeur: '));
  expect(stderr).not.toMatch(/this is a bug|^\s+at .*\.ts:|setpriv|unshare --/m);
  expect(lines[at], stderr).toMatch(what);
  expect(lines[at + 1], stderr).toMatch(hint);
}

describe('semeur on a machine in trouble', () => {
  it('tells within seconds that there is no network, before and in the place of apt', async () => {
    const ran = await run(inside('ip link set lo up 2>/dev/null || :', semeur('profile', 'build', 'maison'), '--net'));
    expectSentences(ran, /^semeur: Cannot reach "http.*": .*no network/, /^ {2}→ Look at the network/);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/trying again in \d s/);
  });

  it('lists what needs no list without a network, and says what is left out', async () => {
    const ran = await run(inside(':', semeur('base', 'list', '--json'), '--net'));
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ listFailure: expect.stringMatching(/^Cannot reach/), bases: [{ base: 'debian-arm64' }] });
    expect(ran.stderr).toMatch(/^warning: The images of Raspberry Pi OS are left out: .*\n {2}→ /m);
  });

  it.each([
    ['read-only', 'mount -t tmpfs -o ro none ../cache', /read-only/],
    ['full', 'mount -t tmpfs -o size=64k none ../cache; head -c 70000 /dev/zero >../cache/full 2>/dev/null || :', /the disk is full/],
    ['a file', 'rmdir ../cache; : >../cache', /a file is where a folder must be|there already/],
  ])('names XDG_CACHE_HOME where the cache is %s', async (_, prepare, reason) => {
    const ran = await run(inside(prepare, semeur('profile', 'build', 'maison')));
    expectSentences(ran, reason, /^ {2}→ .*(XDG_CACHE_HOME|Take it away)/);
    expect(ran.code).toBe(1);
  });

  it("says of another user's cache and workspace whose they are to look at", async ({ skip }: TestContext) => {
    skip(!IS_ROOT, 'only root can become another user');
    const notWritten = await run(asUser(semeur('client', 'new', 'zoe')), { XDG_CACHE_HOME: tmpdir() });
    expectSentences(notWritten, /^semeur: Cannot write into ".*": permission denied$/, /ls -ld/);
    await run(['chown', '-R', '65534:65534', '.']);
    expectSentences(await run(asUser(semeur('profile', 'build', 'maison'))), /permission denied$/, /XDG_CACHE_HOME/);
  });

  it('says so where there is no home folder, and no folder for temporary files', async ({ skip }: TestContext) => {
    expectSentences(
      await run(semeur('cache', 'list'), { HOME: '', XDG_CACHE_HOME: undefined }),
      /Cannot find your home folder/,
      /Set HOME, or XDG_CACHE_HOME/,
    );
    skip(!IS_ROOT, 'root alone can mount a folder for itself');
    const noRoom = { TMPDIR: join(folder, 'none') };
    await cp(join(EXAMPLES, 'semeur.yaml'), join(folder, 'coop', 'x.seed'));
    expectSentences(await run(semeur('verify', 'x.seed'), noRoom), /^semeur: Cannot /, /^ {2}→ /);
  });

  it.each<[string, string[], number]>([
    ['text', ['--help'], 0],
    ['a report', ['overlay', 'list', '--json'], 0],
    ['findings', ['check'], 2],
  ])('ends as ever when the reader of %s has gone', async (_, args, code) => {
    await writeFile(join(folder, 'coop', 'clients', 'bad.yaml'), 'client: bad\n'.repeat(400));
    const words = semeur(...args).map((word) => `'${word}'`);
    const ran = await run(['bash', '-c', `${words.join(' ')} | head -c1 >/dev/null; echo "\${PIPESTATUS[0]}"; ${words.join(' ')} 2>&1 >&- | true`]);
    expect(ran.stdout).toBe(`${code}\n`);
    expect(ran.stderr).not.toMatch(/EPIPE|bug/);
  });

  it('says so when its output has no room', async () => {
    const ran = await run(['sh', '-c', '"$@" >/dev/full', 'sh', ...semeur('overlay', 'list')]);
    expectSentences(ran, /^semeur: Cannot write the output: the disk is full$/, /^ {2}→ Make room/);
    expect(ran.code).toBe(1);
  });

  it('says so when the folder that it runs in is gone', async () => {
    const script = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"';
    expectSentences(await run(['sh', '-c', script, 'sh', ...semeur('check')]), /^semeur: Cannot go on: the folder that this runs in is gone$/, /cd/);
  });

  it('tells within seconds that no server answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const key = join(folder, 'key.pub');
    await writeFile(key, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZha2VrZXlmYWtla2V5ZmFrZWtleWZha2VrZXlmYWtlMDAw key\n');
    const ran = await run(semeur('release', 'verify', `http://127.0.0.1:${port}/x`, '--signers', key));
    expectSentences(ran, /^semeur: Cannot reach "http:\/\/127\.0\.0\.1:\d+\/x\/SHA256SUMS": no server answers there$/, /Look at the network/);
  });

  it('tells wrong use in the same form', async () => {
    expectSentences(
      await run(semeur('init', 'x', '--language', 'de')),
      /^semeur: Cannot take "de" for "--language <language>"$/,
      /Allowed choices are fr, en$/,
    );
    const ran = await run(semeur('buidl'));
    expectSentences(ran, /^semeur: Cannot find the command "buidl"$/, /Did you mean "build"\?$/);
    expect(ran.code).toBe(2);
  });

  it("names root's database as such, to whoever isn't root", async ({ skip }: TestContext) => {
    skip(!IS_ROOT, 'only root can become another user');
    const state = join(folder, 'coop', 'home');
    await mkdir(state, { mode: 0o700 });
    await writeFile(join(state, 'home.sqlite'), '');
    await chown(state, 0, 0);
    for (const words of [
      ['fleet', 'list'],
      ['home', 'link', 'list'],
      ['home', 'operator', 'list'],
    ]) {
      expectSentences(await run(asUser(semeur(...words))), /^semeur: Cannot open home's database in ".*\/home": permission denied$/, /with sudo$/);
    }
  });
});

describe('semeur --version', () => {
  it('says which Semeur this is', async () => {
    expect((await run(semeur('--version'))).stdout).toMatch(/^\d+\.\d+\.\d+( \([0-9a-f]{7}\))?\n$/);
    expect(JSON.parse((await run(semeur('--version', '--json'))).stdout)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      commit: expect.toSatisfy((commit: unknown) => commit === null || /^[0-9a-f]{40}$/.test(String(commit))),
    });
  });
});
