import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCacheEntries, removeCacheEntry } from '../../builder/cache/entries.ts';
import { ensureOsImage, type OsImageChoice, osImageLockSchema } from '../../builder/raspios/os-image.ts';
import { OFFICIAL_SOURCE } from '../../builder/raspios/os-image-source.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { type Behaviour, startServer } from '../fetch/image-server.ts';
import { createQuietSession, withCache } from '../image/sample-prefix.ts';
import { createPatience, listEntry, makeDisk, packXz, packZip, renderList, sha256 } from './sample-image.ts';

const NAME = '2026-06-18-raspios-trixie-arm64-lite.img.xz';
const DISK = makeDisk();

/** A list with one image, on a server that answers for it as `behave` says; `fetch` takes it, or what is chosen, into a cache of its own. */
async function withList(
  {
    path = `/${NAME}`,
    pack = packXz as (folder: string, disk: Buffer) => Promise<Buffer>,
    disk = DISK,
    more = {},
    behave = (_: Buffer): Behaviour => ({}),
  },
  task: (ground: {
    folder: string;
    fetch: (choice?: OsImageChoice) => ReturnType<typeof ensureOsImage>;
    warnings: string[];
    asked: () => string[];
    packed: Buffer;
    url: string;
  }) => Promise<void>,
): Promise<void> {
  await withCache(async (folder) => {
    const packed = await pack(folder, disk);
    const files: Record<string, Buffer> = { [path]: packed };
    await using server = await startServer(files, (asked) => (asked === path ? behave(packed) : {}));
    files['/list.json'] = renderList(listEntry(`${server.url}${path}`, disk, packed, more));
    const session = createQuietSession();
    const source = { ...OFFICIAL_SOURCE, list: `${server.url}/list.json` };
    const fetch = (choice: OsImageChoice = {}) => ensureOsImage(session, choice, { source, folder, patience: createPatience() });
    await task({
      folder,
      fetch,
      warnings: session.warnings,
      asked: () => server.requests.map(({ url }) => url ?? ''),
      packed,
      url: `${server.url}${path}`,
    });
  });
}

const cached = async () => (await readdir(cacheFolder('os-image'), { recursive: true }).catch(() => [])).sort();
const errorOf = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: Error) => error.message);

describe('ensureOsImage()', () => {
  it('downloads, checks and unpacks the image of the list, with holes for zeros, once', () =>
    withList({}, async ({ fetch, packed, url, asked, warnings }) => {
      const image = await fetch();
      expect(image).toEqual({
        raw: cacheFolder('os-image', sha256(DISK), 'raw.img'),
        suite: 'trixie',
        release: '2026-06-18',
        download: { url, bytes: packed.length, sha256: sha256(packed) },
        image: { bytes: DISK.length, sha256: sha256(DISK) },
      });
      expect((await readFile(image.raw)).equals(DISK)).toBe(true);
      expect((await stat(image.raw)).blocks * 512).toBeLessThan(DISK.length / 4);
      expect(await cached()).toEqual([sha256(DISK), `${sha256(DISK)}/image.json`, `${sha256(DISK)}/raw.img`]);
      expect(await readdir(cacheFolder('tmp'))).toEqual([]);
      expect(warnings).toEqual([`The signature of "${NAME}" is not checked: there is no signature beside it; its SHA-256 is`]);
      const before = asked().length;
      expect(await fetch({ release: '2026-06-18' })).toEqual(image);
      expect(asked().slice(before)).toEqual(['/list.json']);
    }));

  it('takes what a lock pins with no list, from the cache or from its address', () =>
    withList({}, async ({ fetch, asked }) => {
      const { raw, ...lock } = await fetch();
      const locked = osImageLockSchema.parse(JSON.parse(JSON.stringify(lock)));
      expect(await fetch({ locked })).toEqual({ raw, ...locked });
      for (const entry of await listCacheEntries()) if (entry.part === 'os-image') await removeCacheEntry(entry);
      const before = asked().length;
      expect(await fetch({ locked })).toEqual({ raw, ...locked });
      expect(asked().slice(before)).toEqual([`/${NAME}.sig`, `/${NAME}`]);
      const other = { ...locked, image: { ...locked.image, sha256: 'ab'.repeat(32) } };
      expect(await errorOf(fetch({ locked: other }))).toContain(`its SHA-256 is ${sha256(DISK)}, expected abab`);
    }));

  it('counts as one entry of the cache, and as used when it is', () =>
    withList({}, async ({ fetch }) => {
      await fetch();
      const [entry] = (await listCacheEntries()).filter(({ part }) => part === 'os-image');
      expect(entry).toMatchObject({ paths: [cacheFolder('os-image', sha256(DISK))] });
      expect(Date.now() - (entry?.lastUsed ?? 0)).toBeLessThan(60_000);
    }));

  it('unpacks a zip of the list', () => {
    const pack = (folder: string, disk: Buffer) => packZip(folder, { 'README.txt': Buffer.from('hello'), 'raspios.img': disk });
    return withList({ path: '/2026-06-18-raspios-trixie-arm64-lite.zip', pack }, async ({ fetch }) => {
      expect((await readFile((await fetch()).raw)).equals(DISK)).toBe(true);
    });
  });

  it.each([
    ['the hash of the download', { image_download_sha256: 'cd'.repeat(32) }, /its SHA-256 is [0-9a-f]{64}, expected cdcd.*; nothing is kept$/],
    ['the length of the download', { image_download_size: 7 }, /bytes, expected 7; nothing is kept$/],
    ['the hash of what is in it', { extract_sha256: 'cd'.repeat(32) }, /its SHA-256 is [0-9a-f]{64}, expected cdcd.*; nothing is kept$/],
    ['a length of what is in it that is too small', { extract_size: 512 }, /it has more than 512 bytes; nothing is kept$/],
    ['a length of what is in it that is too large', { extract_size: DISK.length + 512 }, /bytes, expected \d+; nothing is kept$/],
  ])('keeps nothing when the list and the image differ in %s', (_, more, message) =>
    withList({ more }, async ({ fetch }) => {
      expect(await errorOf(fetch())).toMatch(message);
      expect((await cached()).filter((name) => name.includes('/'))).toEqual([]);
      expect(await readdir(cacheFolder('tmp')).catch(() => [])).toEqual([]);
    }),
  );

  it('keeps nothing of a damaged download of which the list has no hash: the next run gets another', () => {
    let count = 0;
    const behave = (packed: Buffer) => (count++ === 0 ? { body: Buffer.alloc(packed.length, 7) } : {});
    return withList({ more: { image_download_sha256: undefined }, behave }, async ({ fetch, packed }) => {
      expect(await errorOf(fetch())).toMatch(/it is damaged, or no xz$/);
      expect((await cached()).filter((name) => name.includes('/'))).toEqual([]);
      expect((await fetch()).download.sha256).toBe(sha256(packed));
    });
  });

  it('says so of a download that is damaged, or no disk', async () => {
    await withList({ pack: async () => Buffer.from('no xz at all') }, async ({ fetch }) => expect(await errorOf(fetch())).toContain('xz'));
    const pack = async () => Buffer.from('no zip at all');
    await withList({ path: '/2026-06-18-raspios-trixie-arm64-lite.zip', pack }, async ({ fetch }) => {
      expect(await errorOf(fetch())).toMatch(/lite\.zip": it is damaged, or no zip$/);
    });
    await withList({ disk: Buffer.alloc(2048) }, async ({ fetch }) =>
      expect(await errorOf(fetch())).toMatch(/it is no disk with a partition table$/),
    );
  });

  it('says where a list is missing, and what a list has', async () => {
    await withList({}, async ({ fetch }) =>
      expect(await errorOf(fetch({ suite: 'bookworm' }))).toContain('Raspberry Pi OS Lite "bookworm" in the list'),
    );
    await withCache(async (folder) => {
      await using server = await startServer({});
      const source = { ...OFFICIAL_SOURCE, list: `${server.url}/list.json` };
      const options = { source, folder, patience: createPatience() };
      expect(await errorOf(ensureOsImage(createQuietSession(), {}, options))).toBe(
        `Cannot read the list of operating systems "${server.url}/list.json": there is none`,
      );
    });
  });
});

describe("ensureOsImage() of an image of one's own", () => {
  const files: readonly [string, (folder: string) => Promise<Buffer>][] = [
    ['2026-06-18-raspios-bookworm-arm64-lite.img', async () => DISK],
    [NAME, (folder) => packXz(folder, DISK)],
    ['own.zip', (folder) => packZip(folder, { 'own.img': DISK })],
  ];

  it.each(files)('takes %s, once', (name, pack) =>
    withCache(async (folder) => {
      const packed = await pack(folder);
      await mkdir(join(folder, 'images'));
      await writeFile(join(folder, 'images', name), packed);
      const options = { source: OFFICIAL_SOURCE, folder };
      const image = await ensureOsImage(createQuietSession(), { file: `images/${name}` }, options);
      expect(image).toMatchObject({
        suite: name.includes('bookworm') ? 'bookworm' : 'trixie',
        release: name.startsWith('2026') ? '2026-06-18' : null,
        download: { url: `file:images/${name}`, sha256: sha256(packed) },
        image: { bytes: DISK.length, sha256: sha256(DISK) },
      });
      expect((await readFile(image.raw)).equals(DISK)).toBe(true);
      const { raw, ...locked } = image;
      expect(await ensureOsImage(createQuietSession(), { file: `images/${name}` }, options)).toEqual(image);
      expect(await ensureOsImage(createQuietSession(), { locked }, options)).toEqual(image);
      const { mtimeMs } = await stat(raw);
      expect((await ensureOsImage(createQuietSession(), { file: `images/${name}`, suite: 'bookworm' }, options)).suite).toBe('bookworm');
      expect((await stat(raw)).mtimeMs).toBeGreaterThanOrEqual(mtimeMs);
    }),
  );

  it('refuses another than the lock names, one that is not there, and one of several', () =>
    withCache(async (folder) => {
      const take = (choice: OsImageChoice) => errorOf(ensureOsImage(createQuietSession(), choice, { source: OFFICIAL_SOURCE, folder }));
      await writeFile(join(folder, 'own.img'), DISK);
      const other = { bytes: 512, sha256: 'ab'.repeat(32) };
      const locked = { suite: 'trixie', release: null, download: { ...other, url: 'file:own.img' }, image: other } as const;
      expect(await take({ locked })).toMatch(/own\.img": it is not the one that the lock names$/);
      expect(await take({ file: 'none.img' })).toMatch(/none\.img": there is none$/);
      await writeFile(join(folder, 'two.zip'), await packZip(folder, { 'a.img': DISK, 'b.img': DISK }));
      expect(await take({ file: 'two.zip' })).toMatch(/it holds 2 images$/);
      await writeFile(join(folder, 'cut.img.xz'), (await packXz(folder, DISK)).subarray(0, 100_000));
      expect(await take({ file: 'cut.img.xz' })).toMatch(/cut\.img\.xz": it is damaged, or no xz$/);
    }));

  it('notices a zip whose content is not what its checksum says', () =>
    withCache(async (folder) => {
      const zip = await packZip(folder, { 'own.img': DISK });
      const at = zip.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 16;
      zip[at] = (zip[at] ?? 0) ^ 1;
      await writeFile(join(folder, 'own.zip'), zip);
      const taken = ensureOsImage(createQuietSession(), { file: 'own.zip' }, { source: OFFICIAL_SOURCE, folder });
      expect(await errorOf(taken)).toMatch(/own\.zip": it is damaged, or no zip$/);
      expect(await cached()).toEqual([]);
    }));
});
