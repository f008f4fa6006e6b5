import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { CompressedFormat } from './compressor.ts';
import { markUsed } from './prefix.ts';

/** Compressed blocks by the SHA-256 of their content. Beside each stands `NAME.sha256`, of the compressed bytes, checked at every reading. */
export interface BlockCache {
  readonly format: CompressedFormat;
  /** What to call a block's file, in the cache and where a compressor leaves it. */
  fileName(sha256: string): string;
  /** @returns the compressed block, or undefined if it isn't there; a damaged one is removed, and `onDamage` told. */
  read(sha256: string, onDamage: (file: string) => void): Promise<Buffer | undefined>;
  /** Takes a compressed block from a folder of the same file system. */
  adopt(sha256: string, from: string): Promise<void>;
}

export function openBlockCache(compressor: string, format: CompressedFormat): BlockCache {
  const folder = cacheFolder('blocks', compressor);
  const fileName = (sha256: string) => `${sha256}.${format}`;
  return {
    format,
    fileName,
    async read(sha256, onDamage) {
      const file = join(folder, fileName(sha256));
      const [bytes, sum] = await Promise.all([readIfThere(file), readIfThere(`${file}.sha256`)]);
      if (bytes === undefined) return undefined;
      if (sum !== undefined && sum.toString('ascii') === renderSum(bytes)) {
        await markUsed(file);
        return bytes;
      }
      onDamage(file);
      await removeEntry(file);
      return undefined;
    },
    async adopt(sha256, from) {
      const file = join(folder, fileName(sha256));
      const source = join(from, fileName(sha256));
      await mkdir(folder, { recursive: true });
      // No fsync: after a power cut the sum tells what isn't whole. The sum first, so that a block under its name is never without.
      await writeFile(`${source}.sha256`, renderSum(await readFile(source)));
      await rename(`${source}.sha256`, `${file}.sha256`);
      await rename(source, file);
    },
  };
}

function renderSum(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}\n`;
}

async function removeEntry(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}.sha256`, { force: true });
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
