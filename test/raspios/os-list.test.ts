import { describe, expect, it } from 'vitest';
import { chooseImage, parseOsList, readImageName } from '../../builder/raspios/os-list.ts';
import { listEntry, renderList } from './sample-image.ts';

const DISK = Buffer.alloc(1024, 1);
const PACKED = Buffer.alloc(100, 2);
const URL = 'https://lists.example/os/list.json';
const lite = (release: string, suite: string, more: object = {}, suffix = '.img.xz') =>
  listEntry(`https://images.example/${release}-raspios-${suite}-arm64-lite${suffix}`, DISK, PACKED, more);
const parse = (...entries: object[]) => parseOsList(renderList(...entries).toString(), URL);
const names = (...entries: object[]) => parse(...entries).map(({ release, suite }) => `${release} ${suite}`);

describe('parseOsList()', () => {
  it('finds the 64-bit Lite images at any depth, newest first, and nothing else', () => {
    const desktop = listEntry('https://images.example/2026-06-18-raspios-trixie-arm64.img.xz', DISK, PACKED);
    const old = listEntry('https://images.example/2026-06-18-raspios-trixie-armhf-lite.img.xz', DISK, PACKED);
    const deep = { name: 'deep', subitems: [{ name: 'deeper', subitems: [lite('2025-11-24', 'trixie')] }] };
    const bullseye = lite('2024-01-01', 'bullseye');
    expect(names(desktop, old, bullseye, deep, lite('2026-06-18', 'bookworm'), lite('2026-06-18', 'trixie'))).toEqual([
      '2026-06-18 trixie',
      '2026-06-18 bookworm',
      '2025-11-24 trixie',
    ]);
  });

  it('reads sizes and hashes, in small letters, and addresses from the place of the list', () => {
    const entry = listEntry('../2026-06-18-raspios-trixie-arm64-lite.zip', DISK, PACKED, { extract_sha256: 'AB'.repeat(32) });
    expect(parse(entry)).toEqual([
      {
        name: 'Raspberry Pi OS Lite (64-bit)',
        suite: 'trixie',
        release: '2026-06-18',
        download: {
          url: 'https://lists.example/2026-06-18-raspios-trixie-arm64-lite.zip',
          bytes: 100,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
        image: { bytes: 1024, sha256: 'ab'.repeat(32) },
      },
    ]);
  });

  it('does without the hash of the download, which not every list has', () => {
    const [image] = parse(lite('2026-06-18', 'trixie', { image_download_sha256: undefined }));
    expect(image?.download).toEqual({ url: expect.any(String), bytes: 100, sha256: undefined });
  });

  it.each([
    ['no hash', { extract_sha256: undefined }],
    ['a damaged hash', { extract_sha256: 'ab' }],
    ['a size that is text', { extract_size: '1024' }],
    ['no size', { image_download_size: 0 }],
    ['an address of a file', { url: 'file:///2026-06-18-raspios-trixie-arm64-lite.img.xz' }],
    ['no address', { url: 7 }],
    ['an image that is not packed', { url: 'https://a.example/2026-06-18-raspios-trixie-arm64-lite.img' }],
  ])('leaves out an entry with %s', (_, more) => {
    expect(names(lite('2026-06-18', 'trixie', more), lite('2025-11-24', 'trixie'))).toEqual(['2025-11-24 trixie']);
  });

  it.each(['', 'null', '[]', '<html>', '{"os_list": 3}'])('refuses what is no list: %s', (text) => {
    expect(() => parseOsList(text, 'https://me:secret@lists.example/a?b')).toThrow(
      'Cannot read the list of operating systems "https://lists.example/a"',
    );
  });

  it('reads any list without trouble: null entries, and nesting without end', () => {
    let nested: object = { name: 'end' };
    for (let depth = 0; depth < 2000; depth++) nested = { subitems: [nested] };
    expect(parseOsList(JSON.stringify({ os_list: [null, 3, 'a', {}, nested] }), URL)).toEqual([]);
  });
});

describe('chooseImage()', () => {
  const images = parse(lite('2026-06-18', 'bookworm'), lite('2026-06-18', 'trixie'), lite('2025-11-24', 'trixie'));

  it('takes the newest of the suite, trixie unless said otherwise, or the release', () => {
    expect(chooseImage(images, {})).toMatchObject({ suite: 'trixie', release: '2026-06-18' });
    expect(chooseImage(images, { suite: 'bookworm' })).toMatchObject({ suite: 'bookworm' });
    expect(chooseImage(images, { release: '2025-11-24' })).toMatchObject({ release: '2025-11-24' });
  });

  it('tells which there are', () => {
    const hint = 'There are: trixie 2026-06-18, bookworm 2026-06-18, trixie 2025-11-24; or take an image that you have';
    expect(() => chooseImage(images, { suite: 'bookworm', release: '2020-01-01' })).toThrow(expect.objectContaining({ hint }));
    expect(() => chooseImage([], {})).toThrow('Cannot find the 64-bit Raspberry Pi OS Lite "trixie" in the list');
  });
});

describe('readImageName()', () => {
  it.each([
    ['2026-06-18-raspios-trixie-arm64-lite.img.xz', { suite: 'trixie', release: '2026-06-18' }],
    ['/a/2023-05-03-raspios-bookworm-arm64-lite.zip', { suite: 'bookworm', release: '2023-05-03' }],
    ['2026-06-18-raspios-trixie-arm64-lite.img', { suite: 'trixie', release: '2026-06-18' }],
    ['2026-06-18-raspios-trixie-arm64-lite.img.xz.sig', undefined],
    ['my.img', undefined],
  ])('%s', (name, wanted) => {
    expect(readImageName(name)).toEqual(wanted);
  });
});
