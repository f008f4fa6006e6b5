import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepLock, lockFile, type ProfileLock, pinsBase, readLock, renderLock } from '../../builder/profile/lock.ts';

const SHA256 = 'a'.repeat(64);
const SET = { lists: [{ sha256: SHA256, name: 'mirror_dists_trixie_InRelease' }], debs: [] };
const DEBIAN: ProfileLock = { lock: 1, epoch: 1_790_000_000, toolbox: SET, base: SET, added: SET };
const CURL = { archive: 'debian' as const, path: 'pool/main/c/curl/curl_8.14.1-2_arm64.deb', bytes: 300_000, priority: 'optional' };
const SECOND: ProfileLock = {
  lock: 2,
  epoch: 1_790_000_000,
  toolbox: { debs: [] },
  base: { debs: [{ sha256: SHA256, name: 'curl_8.14.1-2_arm64.deb', ...CURL }] },
  added: { packages: ['caddy'], debs: [] },
};
const IMAGE = {
  suite: 'trixie' as const,
  release: '2026-06-18',
  download: { url: 'https://mirror.example/2026-06-18-raspios-trixie-arm64-lite.img.xz', bytes: 10, sha256: SHA256 },
  image: { bytes: 100, sha256: SHA256 },
};
const RASPIOS: ProfileLock = { ...DEBIAN, image: IMAGE };
const OWN: ProfileLock = { ...DEBIAN, image: { ...IMAGE, download: { ...IMAGE.download, url: 'file:images/own.img' } } };
const CONTAINERS = [
  {
    overlay: 'notes',
    image: `registry.example/notes@sha256:${SHA256}`,
    licence: 'MIT',
    blobs: [
      { sha256: SHA256, name: 'blob', kind: 'manifest' as const, bytes: 10 },
      { sha256: 'b'.repeat(64), name: 'blob', kind: 'layer' as const, bytes: 20 },
    ],
  },
];
const WITH_CONTAINERS: ProfileLock = { ...DEBIAN, containers: [...CONTAINERS, ...CONTAINERS] };

async function readText(text: string): Promise<ProfileLock | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-lock-'));
  try {
    await mkdir(join(folder, 'profiles'));
    await writeFile(lockFile(folder, 'maison'), text);
    return await readLock(folder, 'maison');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('a lock', () => {
  it.each([DEBIAN, RASPIOS, OWN, WITH_CONTAINERS, SECOND])('is read as it was written (%#)', async (lock) => {
    expect(await readText(renderLock(lock))).toEqual(lock);
  });

  it('says what cards ask for packages, with security updates or without', async () => {
    const archives = { archive: 'http://archive.example/debian', security: 'http://archive.example/debian-security' };
    for (const lock of [
      { ...DEBIAN, archives },
      { ...DEBIAN, archives: { ...archives, security: undefined } },
    ])
      expect(await readText(renderLock(lock))).toEqual(lock);
  });

  it.each(['"no address"', '"http://archive.example/debian trixie main\\ndeb http://other.example/debian"', '7'])(
    'is refused where that is no address: %s',
    async (archive) => {
      const text = renderLock({ ...DEBIAN, archives: { archive: 'http://archive.example', security: undefined } }).replace(
        '"http://archive.example"',
        archive,
      );
      await expect(readText(text)).rejects.toMatchObject({ message: expect.stringContaining('it is damaged') });
    },
  );

  it('has a line for each part of a container, and is refused where one has no digest', async () => {
    const text = renderLock(WITH_CONTAINERS);
    expect(text.match(/^ {8}\{"sha256":"a{64}","name":"blob","kind":"manifest","bytes":10\},$/gm)).toHaveLength(2);
    expect(text.match(/^ {8}\{"sha256":"b{64}","name":"blob","kind":"layer","bytes":20\}$/gm)).toHaveLength(2);
    await expect(readText(text.replace('bbbb', '../b'))).rejects.toThrow('it is damaged');
  });

  it('has a line for each package, with what it takes to find it, and no list of a day', () => {
    const line = `{"sha256":"${SHA256}","name":"curl_8.14.1-2_arm64.deb","archive":"debian","path":"${CURL.path}","bytes":300000,"priority":"optional"}`;
    expect(renderLock(SECOND).split('\n')).toContain(`      ${line}`);
    expect(renderLock(SECOND)).not.toContain('"lists"');
  });

  it.each(['/etc/passwd', '../secret.deb', 'pool/../../secret.deb', 'pool/./x.deb', 'http://other.example/x.deb?', 'pool//x.deb', ''])(
    'is refused where a path leads elsewhere: "%s"',
    async (path) => {
      await expect(readText(renderLock(SECOND).replace(CURL.path, path))).rejects.toThrow('it is damaged');
    },
  );

  it.each(['"archive":"debian"', '"bytes":300000', `"path":"${CURL.path}"`])('is refused where one lacks %s', async (part) => {
    await expect(readText(renderLock(SECOND).replace(part, '"x":1'))).rejects.toThrow('it is damaged');
  });

  it('is refused where its image is damaged', async () => {
    const text = renderLock(RASPIOS).replace('"trixie"', '"bullseye"');
    await expect(readText(text)).rejects.toMatchObject({
      message: expect.stringContaining('it is damaged'),
      hint: expect.stringContaining('--update'),
    });
  });
});

describe('keepLock()', () => {
  const file = { sha256: SHA256, name: 'curl_8.14.1-2_arm64.deb' };
  const first: ProfileLock = { ...DEBIAN, base: { lists: [], debs: [file] } };
  const place = { ...SECOND, added: { packages: [], debs: [] } };
  const unknown: ProfileLock = { ...place, base: { debs: [file] } };
  const newer: ProfileLock = { ...place, epoch: place.epoch + 1 };

  it.each([
    ['writes one of version 1 anew once it is known where its packages lie', place, false, 2],
    ['leaves it where that is not known', unknown, false, 1],
    ['leaves it where nothing may change', place, true, 1],
  ] as const)('%s', async (_, after, locked, version) => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-lock-'));
    try {
      await mkdir(join(folder, 'profiles'));
      await writeFile(lockFile(folder, 'maison'), renderLock(first));
      await keepLock(folder, 'maison', first, after, locked);
      expect(await readLock(folder, 'maison')).toMatchObject({ lock: version, base: { debs: [file] } });
      await expect(keepLock(folder, 'maison', first, newer, true)).rejects.toThrow('would change');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('pinsBase()', () => {
  const raspios = (more: object = {}) => ({ base: 'raspios-lite-arm64' as const, raspios: more });

  it.each([
    ['of Debian, for Debian', DEBIAN, { base: 'debian-arm64' as const }, true],
    ['of Debian, for Raspberry Pi OS', DEBIAN, raspios(), false],
    ['of an image, for Debian', RASPIOS, { base: 'debian-arm64' as const }, false],
    ['of an image, for whatever the list has', RASPIOS, raspios(), true],
    ['of the image that is named', RASPIOS, raspios({ suite: 'trixie', release: '2026-06-18' }), true],
    ['of another release', RASPIOS, raspios({ release: '2026-09-01' }), false],
    ['of another suite', RASPIOS, raspios({ suite: 'bookworm' }), false],
    ["of the list, for an image of one's own", RASPIOS, raspios({ image: 'images/own.img' }), false],
    ["of one's own image, for it", OWN, raspios({ image: 'images/own.img' }), true],
    ["of one's own image, for another", OWN, raspios({ image: 'images/other.img' }), false],
    ["of one's own image, for the list", OWN, raspios(), false],
  ])('%s', (_, lock, profile, pins) => {
    expect(pinsBase(lock, profile)).toBe(pins);
  });
});
