import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { boundCache, pruneCache } from '../../builder/cache/prune.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { createQuietSession, withCache } from '../image/sample-prefix.ts';

const HOUR = 3600;
const MIB = 1024 ** 2;

/** A file of the cache of 1 MiB that was last used so many hours ago. */
async function keep(hours: number, ...parts: readonly string[]): Promise<void> {
  const file = cacheFolder(...parts);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.alloc(MIB, 1));
  const then = Date.now() / 1000 - hours * HOUR;
  await utimes(file, then, then);
  const folder = dirname(file);
  if (parts.length > 2) await utimes(folder, then, then);
}

const left = async (part: string) => (await readdir(cacheFolder(part)).catch(() => [])).sort();

afterEach(() => {
  delete process.env['SEMEUR_CACHE_SIZE'];
});

describe('pruneCache()', () => {
  it('lets go of what was not used for 30 days, and of nothing else', () =>
    withCache(async () => {
      await keep(31 * 24, 'prefixes', 'old', 'prefix.img');
      await keep(29 * 24, 'prefixes', 'new', 'prefix.img');
      const { removed, bytes } = await pruneCache(createQuietSession());
      expect(removed).toHaveLength(1);
      expect(await left('prefixes')).toEqual(['new']);
      expect(bytes).toBeGreaterThanOrEqual(MIB);
    }));

  it('goes on with what was used least recently, whatever it is, until the rest fits', () =>
    withCache(async () => {
      await keep(5, 'prefixes', 'a', 'prefix.img');
      await keep(4, 'pool', 'b', 'b.deb');
      await keep(3, 'base', 'c.tar');
      await keep(2, 'prefixes', 'd', 'prefix.img');
      await pruneCache(createQuietSession(), 2.5 * MIB);
      expect([await left('prefixes'), await left('pool'), await left('base')]).toEqual([['d'], [], ['c.tar']]);
    }));

  it('never takes what was used within the hour, however small the cache is to be', () =>
    withCache(async () => {
      await keep(0.5, 'prefixes', 'a', 'prefix.img');
      await keep(2, 'prefixes', 'b', 'prefix.img');
      await pruneCache(createQuietSession(), 1);
      expect(await left('prefixes')).toEqual(['a']);
    }));

  it('never takes what a running command may have begun with, and tidies up after one that was killed', () =>
    withCache(async () => {
      await keep(0.5, 'prefixes', 'a', 'prefix.img');
      await mkdir(cacheFolder('tmp', `${process.pid}-running`), { recursive: true });
      await mkdir(cacheFolder('tmp', '4194303-killed'));
      await pruneCache(createQuietSession(), 1);
      expect(await left('prefixes')).toEqual(['a']);
      expect(await left('tmp')).toEqual([`${process.pid}-running`]);
    }));
});

describe('boundCache()', () => {
  it('keeps the cache within SEMEUR_CACHE_SIZE', () =>
    withCache(async () => {
      await keep(5, 'prefixes', 'a', 'prefix.img');
      await keep(4, 'prefixes', 'b', 'prefix.img');
      await boundCache(createQuietSession());
      expect(await left('prefixes')).toEqual(['a', 'b']);
      process.env['SEMEUR_CACHE_SIZE'] = '1.5MiB';
      await boundCache(createQuietSession());
      expect(await left('prefixes')).toEqual(['b']);
    }));

  it('says so when that is no size', async () => {
    process.env['SEMEUR_CACHE_SIZE'] = 'plenty';
    await expect(boundCache(createQuietSession())).rejects.toThrow('Cannot read SEMEUR_CACHE_SIZE="plenty"');
  });
});
