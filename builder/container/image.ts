import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { arePooled, type PooledFile, poolPath, touchPooled } from '../debian/package-set.ts';
import { downloadFile } from '../fetch/download.ts';
import type { Patience } from '../fetch/patience.ts';
import type { Architecture } from '../platform/architecture.ts';
import type { PinnedImage } from '../workspace/image-name.ts';
import { configSchema, type Descriptor, type ImageConfig, indexSchema, manifestSchema } from './image-schema.ts';
import { openRegistry, type Registry } from './registry.ts';

/** An image whose every part is in the pool. */
export interface PooledImage {
  readonly config: ImageConfig;
  /** From the lowest; their tars' digests once they are unpacked. */
  readonly layers: readonly (PooledFile & { readonly bytes: number; readonly diffId: string })[];
  /** Everything that has to be there to have it again with no registry, the layers too. */
  readonly blobs: readonly ImageBlob[];
}

export interface ImageBlob extends PooledFile {
  readonly kind: 'index' | 'manifest' | 'config' | 'layer';
  readonly bytes: number;
}

export interface ImageOptions {
  /** The card's. */
  readonly architecture: Architecture;
  readonly note?: ((text: string) => void) | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

/** Larger ones the specification lets registries refuse. */
const MANIFEST_BYTES = 4 * 1024 * 1024;
const CONFIG_BYTES = 16 * 1024 * 1024;

/**
 * Fetches what the pool lacks of an image for a card. Each part is what its digest says, and the first digest is the workspace's own word.
 * @throws {Failure} when a part can't be had (what came is kept), isn't what its digest says (nothing is kept), or is for another processor.
 */
export async function ensureImage(session: Pick<Session, 'signal'>, image: PinnedImage, options: ImageOptions): Promise<PooledImage> {
  const registry = openRegistry(image);
  const fetch = (kind: 'manifests' | 'blobs', { digest, size }: Pick<Descriptor, 'digest'> & { readonly size?: number }) =>
    ensureBlob(session, registry, kind, { digest, size }, options);
  const first = await fetch('manifests', { digest: image.digest });
  const index = await readBlob(first, indexSchema, image);
  const chosen = index === undefined ? first : await fetch('manifests', choosePlatform(index, image, options));
  const manifest = await readBlob(chosen, manifestSchema, image);
  if (manifest === undefined) throw damaged(image, 'its manifest is of no known form');
  if (manifest.config.size > CONFIG_BYTES) throw damaged(image, 'its configuration is too large');
  const configBlob = await fetch('blobs', manifest.config);
  const config = await readBlob(configBlob, configSchema, image);
  if (config?.os !== 'linux' || config.architecture !== options.architecture.name) throw otherProcessor(image, options);
  const { diff_ids: diffIds } = config.rootfs;
  if (diffIds.length !== manifest.layers.length) throw damaged(image, 'its layers and its configuration do not belong together');
  const layers = [];
  // One after the other: the line is full with one, and what is cut then is one part.
  for (const [at, layer] of manifest.layers.entries()) {
    const note = (text: string) => options.note?.(`layer ${at + 1} of ${manifest.layers.length}: ${text}`);
    const blob = await ensureBlob(session, registry, 'blobs', layer, { ...options, note });
    layers.push({ ...blob, bytes: layer.size, diffId: diffIds[at] ?? '' });
  }
  const found: Omit<ImageBlob, 'bytes'>[] = [
    ...(index === undefined ? [] : [{ ...first, kind: 'index' as const }]),
    { ...chosen, kind: 'manifest' },
    { ...configBlob, kind: 'config' },
    // An image may have the same layer twice.
    ...[...new Set(layers.map(({ sha256 }) => sha256))].map((sha256) => ({ sha256, name: 'blob', kind: 'layer' as const })),
  ];
  const blobs = await Promise.all(found.map(async (blob) => ({ ...blob, bytes: (await stat(poolPath(blob))).size })));
  await touchPooled(blobs);
  return { config: config.config ?? {}, layers, blobs };
}

type Wanted = Pick<Descriptor, 'digest'> & { readonly size?: number | undefined };

async function ensureBlob(
  session: Pick<Session, 'signal'>,
  { urlOf, open }: Registry,
  kind: 'manifests' | 'blobs',
  { digest: sha256, size }: Wanted,
  { note, patience }: ImageOptions,
): Promise<PooledFile> {
  const blob = { sha256, name: 'blob' };
  if (await arePooled([blob])) return blob;
  const file = cacheFolder('containers', sha256, 'download');
  const most = kind === 'manifests' ? MANIFEST_BYTES : undefined;
  await downloadFile(session, urlOf(kind, sha256), file, { bytes: size, sha256, most, open, note, patience });
  await mkdir(dirname(poolPath(blob)), { recursive: true });
  await rename(file, poolPath(blob));
  await rm(dirname(file), { recursive: true, force: true });
  return blob;
}

/** @returns undefined when it is of another form. @throws {Failure} when the pool's copy is damaged. */
async function readBlob<S extends z.ZodType>(blob: PooledFile, schema: S, image: PinnedImage): Promise<z.output<S> | undefined> {
  const bytes = await readFile(poolPath(blob));
  if (createHash('sha256').update(bytes).digest('hex') !== blob.sha256) {
    throw damaged(image, `"${poolPath(blob)}" is not what its digest says`, 'Remove that file: it is fetched again');
  }
  try {
    return schema.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function choosePlatform({ manifests }: z.output<typeof indexSchema>, image: PinnedImage, options: ImageOptions): Descriptor {
  const found = manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === options.architecture.name);
  if (!found) throw otherProcessor(image, options);
  return found;
}

function otherProcessor({ host, name, digest }: PinnedImage, { architecture }: ImageOptions): Failure {
  const wanted = `${architecture.computer} (linux, ${architecture.name})`;
  return new Failure(`Cannot use the image "${name}" of ${host}: there is none for ${wanted} under sha256:${digest}`, {
    hint: `Pin the digest of an index of several processors, or of the image for ${architecture.name}`,
  });
}

function damaged({ host, name }: PinnedImage, reason: string, hint = 'Pin another digest of it'): Failure {
  return new Failure(`Cannot use the image "${name}" of ${host}: ${reason}`, { hint });
}
