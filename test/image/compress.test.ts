import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPrefixFile } from '../../builder/image/check-prefix.ts';
import { compressPrefix } from '../../builder/image/compress.ts';
import { prefixFile } from '../../builder/image/prefix.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { hostXz } from './host-xz.ts';
import { createQuietSession, makeCompressedPrefix, withCache } from './sample-prefix.ts';

async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

describe('compressPrefix()', () => {
  it('makes a damaged block of the cache again, says so, and ends with the same bytes', async () => {
    await withCache(async (folder) => {
      const prefix = await makeCompressedPrefix(folder, 'xz');
      const file = prefixFile(prefix.digest, 'xz');
      const before = await readFile(file);
      const blocks = cacheFolder('blocks', hostXz.name);
      const damaged = (await readdir(blocks)).find((name) => name.endsWith('.xz')) ?? '';
      await flipByte(join(blocks, damaged), 40);
      await rm(file);
      const session = createQuietSession();
      await compressPrefix(prefix, 'xz', hostXz, session);
      expect(session.warnings).toEqual([expect.stringContaining(damaged)]);
      expect((await readFile(file)).equals(before)).toBe(true);
    });
  });

  it('compresses nothing that it has compressed before', async () => {
    await withCache(async (folder) => {
      const prefix = await makeCompressedPrefix(folder, 'xz');
      const idle = { ...hostXz, compress: () => Promise.reject(new Error('nothing is to be compressed')) };
      expect(await compressPrefix(prefix, 'xz', idle, createQuietSession())).toBe(prefix);
      await rm(prefixFile(prefix.digest, 'xz'));
      await compressPrefix(prefix, 'xz', idle, createQuietSession());
    });
  });
});

describe('checkPrefixFile()', () => {
  it.each(['img', 'xz'] as const)('finds one flipped bit of the cached .%s, and a missing file', async (format) => {
    await withCache(async (folder) => {
      const prefix = await makeCompressedPrefix(folder, 'xz');
      await checkPrefixFile(prefix, format);
      await flipByte(prefixFile(prefix.digest, format), 5000);
      await expect(checkPrefixFile(prefix, format)).rejects.toThrow('SHA-256');
      await rm(prefixFile(prefix.digest, format));
      await expect(checkPrefixFile(prefix, format)).rejects.toThrow('it is missing');
    });
  });
});
