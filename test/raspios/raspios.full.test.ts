import { cp, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostMirrors } from '../../builder/debian/apt-sources.ts';
import { ensureToolbox } from '../../builder/debian/toolbox.ts';
import { readLayout } from '../../builder/disk/disk-layout.ts';
import { arm64 } from '../../builder/platform/architecture.ts';
import { planDisk, writeDisk } from '../../builder/profile/disk.ts';
import { renderLayer } from '../../builder/profile/layer.ts';
import { ensureSystem } from '../../builder/profile/system.ts';
import { ensureOsImage } from '../../builder/raspios/os-image.ts';
import { ensureRaspiosBase } from '../../builder/raspios/raspios.ts';
import { raspiosSources } from '../../builder/raspios/raspios-sources.ts';
import { describeImageTree } from '../../builder/release/comparing/image-tree.ts';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { runCommand } from '../../kit/command.ts';
import { CHECKOUT, semeur } from '../card/cards.ts';
import { type Ground, prepareGround, session } from './ground.ts';

const MIB = 1024 * 1024;
/** Nobody listens there: whoever asks a mirror fails. */
const NO_NETWORK = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };

describe.each(['trixie', 'bookworm'] as const)('a stand-in for Raspberry Pi OS %s (official images cannot be reached from here)', (suite) => {
  let ground: Ground;
  let card: string;
  const inWorkspace = (...args: readonly string[]) => semeur(...args, '--workspace', ground.workspace);

  beforeAll(async () => {
    ground = await prepareGround(suite);
    card = join(ground.workspace, 'out', 'lherbier.img.xz');
  });
  afterAll(async () => ground?.server[Symbol.asyncDispose]());

  it('is fetched, signed by a test key, and built on', async () => {
    const fetched = JSON.parse(await inWorkspace('base', 'fetch', 'raspios-lite-arm64', '--suite', suite, '--json'));
    expect(fetched).toMatchObject({ suite, image: ground.standIn.image });
    await inWorkspace('profile', 'build', 'maison');
    await inWorkspace('build', 'lherbier');
    const lock = JSON.parse(await readFile(join(ground.workspace, 'profiles', 'maison.lock'), 'utf8'));
    expect(lock.image).toMatchObject({ suite, download: { sha256: ground.standIn.download.sha256 }, image: ground.standIn.image });
    // The image had an older one, which the accelerator would have been mounted over.
    expect(lock.added.debs.map(({ name }: { name: string }) => name)).toContainEqual(expect.stringMatching(/^perl-base_/));
  });

  it("becomes a card that home takes in (QEMU's virt machine, with Debian's kernel in place of the image's)", async () => {
    const report = JSON.parse(await inWorkspace('boot', card, '--until', 'claimed', '--json'));
    expect(report).toMatchObject({ kernel: 'substitute', hostname: 'herbier', card: { region: 'wiped' } });
    const console = await readFile(report.console, 'utf8');
    expect(console).not.toContain('stock first boot');
    expect(console).not.toContain('cloud-init');
  });

  it("starts on an emulated Pi 3 by the image's own kernel", async () => {
    const report = JSON.parse(await inWorkspace('boot', card, '--machine', 'raspi3b', '--until', 'login', '--json'));
    expect(report).toMatchObject({ kernel: 'image', hostname: 'herbier' });
  });

  it('keeps its layout, and every file but those that docs/ lists', async () => {
    const listed = await readListed();
    await withWorkFolder(async (work) => {
      const raw = await rebuild(ground, work);
      expect(await readLayout(raw)).toEqual(await readLayout(ground.standIn.raw));
      const [before, after] = [await describeImageTree(ground.standIn.raw), await describeImageTree(raw)];
      expect(before.size).toBeGreaterThan(5000);
      const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
      const untold = paths.filter((path) => !listed.some((pattern) => pattern.test(path)) && !isOnlyTime(before.get(path), after.get(path)));
      expect(untold.map((path) => `${path}: ${before.get(path)} → ${after.get(path)}`)).toEqual([]);
    });
  });

  it('gives the same bytes by the same lock, from a new cache with the pool and no network', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-raspios-'));
    try {
      const argv = [process.execPath, '--disable-warning=ExperimentalWarning', join(CHECKOUT, 'test/card/make-prefix.ts')];
      const first = await runCommand([...argv, ground.workspace, 'maison']);
      const [again, cache] = [join(folder, 'again'), join(folder, 'cache', 'semeur')];
      await mkdir(cache, { recursive: true });
      await cp(ground.workspace, again, { recursive: true, filter: (path) => !path.startsWith(join(ground.workspace, 'out')) });
      for (const part of ['pool', 'os-image']) await runCommand(['cp', '--archive', cacheFolder(part), join(cache, part)]);
      const second = await runCommand([...argv, again, 'maison'], { env: { ...NO_NETWORK, XDG_CACHE_HOME: join(folder, 'cache') } });
      expect(String(second)).toBe(String(first));
    } finally {
      await runCommand(['rm', '-rf', folder]);
    }
  });
});

/** The image through every stage, with nothing added. @returns the disk. */
async function rebuild({ workspace, standIn, server }: Ground, work: { path: string; inside: string }): Promise<string> {
  const mirrors = await hostMirrors();
  const toolbox = await ensureToolbox(session, { mirrors });
  const source = { list: `${server.url}/os_list.json`, keys: join(workspace, 'keys.asc'), signers: [], required: false };
  const image = await ensureOsImage(session, { file: standIn.packed }, { source, folder: workspace });
  const sources = await raspiosSources(image, { mirrors, archive: `${server.url}/archive/` });
  const base = await ensureRaspiosBase(session, { architecture: arm64, toolbox, image, sources });
  const system = await ensureSystem(session, { architecture: arm64, toolbox, base, sources, packages: [] });
  if (!base.layout) throw new Error('a base made from an image has a layout');
  const plan = planDisk(base.layout, system, [], 64 * MIB);
  const nothing = renderLayer([], system, base.epoch);
  const parts = { system, above: nothing, trees: [], layer: nothing, attributes: system.attributes, boot: new Map(), leftOut: [] };
  return (await writeDisk(toolbox, work, plan, parts, { signal: session.signal, sourceDateEpoch: base.epoch })).raw;
}

/** The paths in the table of docs/: `/path`, where "*" stands for anything. */
async function readListed(): Promise<RegExp[]> {
  const text = await readFile(join(CHECKOUT, 'docs', 'raspberry-pi-os.md'), 'utf8');
  const paths = [...text.matchAll(/^\| `(\/[^`]+)` \|/gm)].map((match) => match[1] ?? '');
  return paths.map((path) => new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
}

/** A folder's time is that of the last file that was put in it. */
function isOnlyTime(before = '', after = ''): boolean {
  const rest = (line: string) => line.split(' ').toSpliced(3, 1).join(' ');
  return before.startsWith('folder') && rest(before) === rest(after);
}
