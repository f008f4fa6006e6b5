import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namespaceCommand } from '../../builder/sandbox/sandbox.ts';
import { type Behaviour, type ImageServer, startServer } from '../fetch/image-server.ts';
import { VALID } from '../workspace/sample-workspace.ts';
import { listEntry, makeDisk, packXz, renderList, sha256, withFolder } from './sample-image.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const NAME = '2026-06-18-raspios-trixie-arm64-lite.img.xz';
const DISK = makeDisk();

interface Ground {
  readonly semeur: (...args: string[]) => Promise<Ran>;
  readonly folder: string;
  readonly packed: Buffer;
  readonly server: ImageServer;
}

type Ran = { code: number; stdout: string; stderr: string };

/** Gives `task` a workspace whose list is on loopback, and how to run Semeur in it. `cacheSize`: the cache is a disk of its own, so small. */
async function withList(
  task: (ground: Ground) => Promise<void>,
  { cacheSize, behave }: { readonly cacheSize?: string; readonly behave?: (path: string, count: number) => Behaviour } = {},
) {
  await withFolder(async (folder) => {
    const packed = await packXz(folder, DISK);
    const files: Record<string, Buffer> = { [`/${NAME}`]: packed };
    await using server = await startServer(files, behave);
    files['/list.json'] = renderList(listEntry(`${server.url}/${NAME}`, DISK, packed));
    await writeFile(join(folder, 'semeur.yaml'), `${VALID['semeur.yaml']}raspios: { list: "${server.url}/list.json" }\n`);
    await mkdir(join(folder, 'cache'));
    const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), no_proxy: '127.0.0.1' };
    const mount = 'mount --types tmpfs --options "size=$1" none "$2"; shift 2; exec "$@"';
    const small = cacheSize === undefined ? [] : [...namespaceCommand(), 'sh', '-euc', mount, 'sh', cacheSize, join(folder, 'cache')];
    const semeur = (...args: string[]) => {
      const [program = '', ...rest] = [...small, process.execPath, MAIN, ...args];
      return new Promise<Ran>((done) => {
        execFile(program, rest, { cwd: folder, env }, (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), stdout, stderr }));
      });
    };
    await task({ semeur, folder, packed, server });
  });
}

describe('semeur base', () => {
  it('lists what can be had, and fetches it', () =>
    withList(async ({ semeur, folder, packed }) => {
      const listed = await semeur('base', 'list');
      expect(listed).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^debian-arm64 .*\nraspios-lite-arm64 {2}trixie {4}2026-06-18 {2}.*unpacked\n$/),
      });
      const fetched = await semeur('base', 'fetch', 'raspios-lite-arm64', '--suite', 'trixie', '--release', '2026-06-18', '--json');
      expect(fetched.code).toBe(0);
      expect(JSON.parse(fetched.stdout)).toEqual({
        base: 'raspios-lite-arm64',
        suite: 'trixie',
        release: '2026-06-18',
        download: { url: expect.stringMatching(`/${NAME}$`), bytes: packed.length, sha256: sha256(packed) },
        image: { bytes: DISK.length, sha256: sha256(DISK) },
        raw: join(folder, 'cache/semeur/os-image', sha256(DISK), 'raw.img'),
      });
      expect(fetched.stderr).toContain('warning: The signature of');
      const { bases } = JSON.parse((await semeur('base', 'list', '--json')).stdout) as { bases: unknown[] };
      expect(bases).toEqual([
        { base: 'debian-arm64', boards: ['pi3', 'pi4'] },
        expect.objectContaining({
          base: 'raspios-lite-arm64',
          suite: 'trixie',
          release: '2026-06-18',
          cached: true,
          boards: ['pi3', 'pi4', 'pi5', 'zero2w'],
        }),
      ]);
      expect((await semeur('cache', 'list')).stdout).toMatch(/^os-image +1 /m);
    }));

  it('fetches an image by its path', () =>
    withList(async ({ semeur, folder }) => {
      await writeFile(join(folder, 'own.img'), DISK);
      expect(await semeur('base', 'fetch', 'own.img', '--suite', 'bookworm')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('raspios-lite-arm64 bookworm of no known date, 4.0 MiB'),
      });
    }));

  it('takes for wrong use what can never be fetched', () =>
    withList(async ({ semeur }) => {
      const rows: readonly [string[], string][] = [
        [['raspios-lite-arm46'], 'Did you mean "raspios-lite-arm64"?'],
        [['debian-arm64'], 'it is built from packages'],
        [['own.img', '--release', '2026-06-18'], 'a file has no release in the list'],
        [['raspios-lite-arm64', '--release', 'newest'], 'Give a date such as "2026-06-18"'],
      ];
      const ran = await Promise.all(rows.map(([args]) => semeur('base', 'fetch', ...args)));
      expect(ran).toEqual(rows.map(([, reason]) => ({ code: 2, stdout: '', stderr: expect.stringContaining(reason) })));
    }));

  it('ends at once on Ctrl-C, and the next run goes on where it was', () =>
    withList(
      async ({ semeur, folder, server }) => {
        const ran = semeur('base', 'fetch', 'raspios-lite-arm64');
        const part = join(folder, 'cache/semeur/os-image', sha256(DISK), 'download.part');
        while (((await stat(part).catch(() => undefined))?.size ?? 0) < 100_000) await new Promise((done) => setTimeout(done, 5));
        process.kill(Number(await readFile(part.replace(/part$/, 'lock'), 'utf8')), 'SIGINT');
        expect(await ran).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted') });
        expect(await semeur('base', 'fetch', 'raspios-lite-arm64')).toMatchObject({ code: 0 });
        const images = server.requests.filter(({ url }) => url === `/${NAME}`);
        expect(images.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-']);
      },
      { behave: (path, count) => (path === `/${NAME}` && count === 0 ? { stallAfter: 100_000 } : {}) },
    ));

  it('downloads nothing when the disk is too small for what comes of it', () =>
    withList(
      async ({ semeur }) => {
        const full = await semeur('base', 'fetch', 'raspios-lite-arm64');
        expect(full).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/Cannot download into .*: 4\.3 MiB are needed, 2\.0 MiB are free\n {2}→ Free some space/),
        });
      },
      { cacheSize: '2m' },
    ));

  it('says so when the disk is full halfway', () =>
    withList(
      async ({ semeur, folder }) => {
        await writeFile(join(folder, 'own.img'), DISK);
        const full = await semeur('base', 'fetch', 'own.img');
        expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot unpack "own.img": the disk is full\n  → Free some space') });
        expect(await readdir(folder)).toContain('own.img');
      },
      { cacheSize: '128k' },
    ));
});
