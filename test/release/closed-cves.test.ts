import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPooled, type PooledFile } from '../../builder/debian/package-set.ts';
import { findCheckout } from '../../builder/house/checkout.ts';
import type { ProfileLock } from '../../builder/profile/lock.ts';
import { type ClosedCves, debsToRead, findClosedCves, readClosedCves } from '../../builder/release/notes/closed-cves.ts';
import { compareLocks } from '../../builder/release/notes/lock-changes.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession, withCache } from '../image/sample-prefix.ts';
import { sampleLock } from './sample-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-changelogs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface SampleDeb {
  readonly name: string;
  readonly version: string;
  /** Text by path within usr/share/doc; "-> TARGET" makes a link. */
  readonly docs?: Readonly<Record<string, string>>;
  readonly compression?: 'xz' | 'zstd';
}

/** Makes a real package and puts it in the pool. */
async function makeDeb({ name, version, docs = {}, compression = 'xz' }: SampleDeb): Promise<PooledFile> {
  const tree = join(folder, 'trees', `${name}-${version}`);
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  const control = { Package: name, Version: version, Architecture: 'all', Maintainer: 'Someone <someone@example.org>', Description: 'a sample' };
  await writeFile(
    join(tree, 'DEBIAN', 'control'),
    Object.entries(control)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
  for (const [path, text] of Object.entries(docs)) {
    const file = join(tree, 'usr/share/doc', path);
    await mkdir(dirname(file), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), file);
    else await writeFile(file, file.endsWith('.gz') ? gzipSync(text) : text);
  }
  const made = join(folder, 'made.deb');
  await runCommand(['dpkg-deb', `-Z${compression}`, '--root-owner-group', '--build', tree, made]);
  const sha256 = createHash('sha256')
    .update(await readFile(made))
    .digest('hex');
  const file = { sha256, name: `${name}_${version.replaceAll(':', '%3a')}_all.deb` };
  await mkdir(join(folder, 'pool', sha256), { recursive: true });
  await rename(made, join(folder, 'pool', sha256, file.name));
  return file;
}

function changelog(...entries: readonly (readonly [version: string, line: string])[]): string {
  return entries
    .map(([version, line]) => `sample (${version}) trixie; urgency=medium\n\n  * ${line}\n\n -- Someone <a@example.org>  date\n`)
    .join('\n');
}

function lockOf(debs: readonly PooledFile[]): ProfileLock {
  const lock = sampleLock();
  return { ...lock, base: { lists: [], debs } };
}

/** The script and the reader as a release runs them, with the machine's own programs in place of the toolbox's. */
async function read(before: ProfileLock, after: ProfileLock): Promise<ClosedCves> {
  const changes = compareLocks(before, after);
  await writeFile(join(folder, 'wanted'), formatPooled([changes.card, changes.toolbox].flatMap(debsToRead)));
  const script = join(findCheckout(), 'builder/sandbox/changelogs.sh');
  await runCommand(['sh', script], { env: { WORK: folder, POOL: join(folder, 'pool'), LC_ALL: 'C' } });
  return readClosedCves(join(folder, 'changelogs'), after, changes);
}

const NEW = changelog(['2-1', 'Close CVE-2026-1111'], ['1-1', 'Close CVE-2025-1111']);

describe('the changelogs within packages', () => {
  it.each(['xz', 'zstd'] as const)("are read from Debian's changelog, not from the authors' (%s)", async (compression) => {
    const docs = { 'curl/changelog.Debian.gz': NEW, 'curl/changelog.gz': 'CVE-2026-9999', 'curl/copyright': 'free' };
    const after = lockOf([await makeDeb({ name: 'curl', version: '2-1', docs, compression })]);
    expect((await read(sampleLock({ base: ['curl_1-1_all.deb'] }), after)).card).toEqual(new Map([['curl', { cves: ['CVE-2026-1111'] }]]));
  });

  it('are read of many packages at once, and of the toolbox apart', async () => {
    const native = await makeDeb({ name: 'adduser', version: '2-1', docs: { 'adduser/changelog.gz': NEW } });
    const epoch = await makeDeb({ name: 'ssh', version: '1:2', docs: { 'ssh/changelog.gz': changelog(['1:2', 'CVE-2026-2222'], ['1:1', 'first']) } });
    const after = { ...lockOf([native]), toolbox: { lists: [], debs: [epoch] } };
    const found = await read(sampleLock({ base: ['adduser_1-1_all.deb'], toolbox: ['ssh_1%3a1_all.deb'] }), after);
    expect(found.card).toEqual(new Map([['adduser', { cves: ['CVE-2026-1111'] }]]));
    expect(found.toolbox).toEqual(new Map([['ssh', { cves: ['CVE-2026-2222'] }]]));
  });

  it('are looked for in the other package where a link leads there, if it is new on the card too', async () => {
    const kernel = await makeDeb({ name: 'linux-image-6.2', version: '2-1', docs: { 'linux-image-6.2/changelog.gz': NEW } });
    const meta = await makeDeb({ name: 'linux-image', version: '2-1', docs: { 'linux-image': '-> linux-image-6.2' } });
    const tools = await makeDeb({ name: 'tools', version: '2-1', docs: { 'tools/changelog.Debian.gz': '-> ../linux-image-6.2/changelog.gz' } });
    const before = sampleLock({ base: ['linux-image-6.1_1-1_all.deb', 'linux-image_1-1_all.deb', 'tools_1-1_all.deb'] });
    const cves = { cves: ['CVE-2026-1111'] };
    expect((await read(before, lockOf([kernel, meta, tools]))).card).toEqual(
      new Map([
        ['linux-image', cves],
        ['tools', cves],
      ]),
    );
  });

  it.each([
    ['missing', { docs: { 'curl/copyright': 'free' } }, 'it has no Debian changelog'],
    ["the authors' alone", { docs: { 'curl/changelog.gz': 'Version 2: CVE-2026-1111' } }, 'it has no Debian changelog'],
    ['in a package that the card lacks', { docs: { curl: '-> libcurl' } }, 'its changelog is in the package libcurl'],
    ['a link that leads to no package', { docs: { 'curl/changelog.gz': '-> /etc/passwd' } }, 'it has no Debian changelog'],
    [
      'cut before the old version',
      { docs: { 'curl/changelog.Debian.gz': changelog(['2-1', 'CVE-2026-1111']) } },
      'its changelog does not name the version before',
    ],
  ])('say nothing when they are %s', async (_, { docs }, unknown) => {
    const after = lockOf([await makeDeb({ name: 'curl', version: '2-1', docs: docs as Record<string, string> })]);
    expect((await read(sampleLock({ base: ['curl_1-1_all.deb'] }), after)).card).toEqual(new Map([['curl', { unknown }]]));
  });

  it('are not asked where a package went back, came or went', async () => {
    const older = await makeDeb({ name: 'curl', version: '2-1', docs: { 'curl/changelog.Debian.gz': NEW } });
    const added = await makeDeb({ name: 'ed', version: '2-1', docs: { 'ed/changelog.Debian.gz': NEW } });
    const found = await read(sampleLock({ base: ['curl_3-1_all.deb', 'nano_1-1_all.deb'] }), lockOf([older, added]));
    expect(found).toEqual({ card: new Map(), toolbox: new Map() });
  });

  it('end the script where a package is damaged', async () => {
    const deb = await makeDeb({ name: 'curl', version: '2-1', docs: { 'curl/changelog.Debian.gz': NEW } });
    await writeFile(join(folder, 'pool', deb.sha256, deb.name), 'no package');
    await expect(read(sampleLock({ base: ['curl_1-1_all.deb'] }), lockOf([deb]))).rejects.toThrow(/dpkg-deb/);
  });
});

describe('findClosedCves()', () => {
  const noToolbox = { key: '', tar: '', set: { debs: [] }, lists: [], epoch: 0 };

  it('starts nothing where no package is new', () =>
    withCache(async () => {
      const lock = sampleLock({ base: ['curl_1-1_all.deb'] });
      const found = await findClosedCves(createQuietSession(), noToolbox, lock, compareLocks(lock, lock));
      expect(found).toEqual({ card: new Map(), toolbox: new Map() });
    }));

  it('refuses to go on without a package, and names it', () =>
    withCache(async () => {
      const [before, after] = [sampleLock({ base: ['curl_1-1_all.deb'] }), sampleLock({ base: ['curl_2-1_all.deb'] })];
      await expect(findClosedCves(createQuietSession(), noToolbox, after, compareLocks(before, after))).rejects.toMatchObject({
        message: expect.stringContaining('"curl_2-1_all.deb"'),
        hint: expect.stringContaining('pool'),
      });
    }));
});
