import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { hashKey, poolPath } from '../debian/package-set.ts';
import { readTarAttributes, type TarAttribute } from '../disk/tar-attributes.ts';
import { readTarEntries } from '../disk/tar-entries.ts';
import { withWorkFolder } from '../sandbox/sandbox.ts';
import type { PooledImage } from './image.ts';
import { applyLayer, emptyTree } from './tree.ts';
import { type TreeSize, writeTree } from './write-tree.ts';

/** The file system of a container, as it lies on the card: a tar in the cache. */
export interface ContainerTree extends TreeSize {
  readonly key: string;
  readonly tar: string;
  /** Those that mke2fs leaves out. */
  readonly attributes: readonly TarAttribute[];
}

/** Changes with what is made of the same layers. */
const FORM = 'tree 2';

/** An image's layers, one laid over the other. Nobody has to be root for it, and nothing is unpacked on this machine. @param at where it stands on the card. */
export async function ensureTree({ signal }: Pick<Session, 'signal'>, image: PooledImage, at: string): Promise<ContainerTree> {
  const key = hashKey(FORM, at, ...image.layers.map(({ diffId }) => diffId));
  const made = await readMade(key);
  if (made) return made;
  return withWorkFolder(async (work) => {
    const root = emptyTree();
    for (const [index, layer] of image.layers.entries()) {
      const tar = join(work.path, `${index}.tar`);
      const found = await decompress(poolPath(layer), tar, signal);
      if (found !== layer.diffId) throw wrongLayer(layer.sha256);
      applyLayer(root, tar, await Array.fromAsync(readTarEntries(tar)));
    }
    const folder = join(work.path, 'made');
    await mkdir(folder);
    const size = await writeTree(root, at, join(folder, 'tree.tar'));
    const attributes = await readTarAttributes(join(folder, 'tree.tar'));
    await writeFileAtomically(join(folder, 'tree.json'), JSON.stringify({ ...size, attributes }));
    await mkdir(cacheFolder('containers'), { recursive: true });
    await rm(cacheFolder('containers', key), { recursive: true, force: true });
    await rename(folder, cacheFolder('containers', key));
    return { key, tar: cacheFolder('containers', key, 'tree.tar'), ...size, attributes };
  });
}

async function readMade(key: string): Promise<ContainerTree | undefined> {
  const text = await readFile(cacheFolder('containers', key, 'tree.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const tar = cacheFolder('containers', key, 'tree.tar');
  const now = new Date();
  await utimes(tar, now, now);
  return { key, tar, ...(JSON.parse(text) as Omit<ContainerTree, 'key' | 'tar'>) };
}

/** @returns the SHA-256 of what comes out. */
async function decompress(from: string, to: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(from), await decompressorOf(from), count, createWriteStream(to), { signal });
  return hash.digest('hex');
}

/** By its first bytes: registries hold images whose own word for it is wrong. */
async function decompressorOf(file: string) {
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0).finally(() => handle.close());
  const magic = buffer.toString('hex');
  if (magic.startsWith('1f8b')) return createGunzip();
  return magic === '28b52ffd' ? createZstdDecompress() : new PassThrough();
}

function wrongLayer(sha256: string): Failure {
  return new Failure(`Cannot unpack the layer sha256:${sha256}: it is not what the image's configuration says`, {
    hint: `Remove ${poolPath({ sha256, name: 'blob' })} and run the same command again; if it stays so, take another image`,
  });
}
