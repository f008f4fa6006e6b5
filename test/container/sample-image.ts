import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { namespaceCommand } from '../../builder/sandbox/sandbox.ts';
import { runCommand } from '../../kit/command.ts';

export interface SampleImage {
  readonly blobs: ReadonlyMap<string, Buffer>;
  readonly manifest: Buffer;
  readonly index: Buffer;
  readonly layers: readonly string[];
}

export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** Runs a shell script as root of a namespace, in `folder`, and reads the tars that it makes: 1.tar, 2.tar… */
export async function makeLayers(folder: string, count: number, script: string): Promise<Buffer[]> {
  await writeFile(join(folder, 'script'), script);
  await runInNamespace(folder, 'sh -eu script');
  return Promise.all(Array.from({ length: count }, (_, index) => readFile(join(folder, `${index + 1}.tar`))));
}

export async function runInNamespace(folder: string, script: string): Promise<void> {
  await runCommand([...namespaceCommand(), 'sh', '-euc', `umask 022; cd "$1"; ${script}`, 'sh', folder]);
}

/** An image for arm64, in an index that has one for another processor too. */
export function packImage(
  tars: readonly Buffer[],
  config: object = {},
  { architecture = 'arm64', compress = gzipSync as (tar: Buffer) => Buffer } = {},
): SampleImage {
  const blobs = new Map<string, Buffer>();
  const keep = (mediaType: string, bytes: Buffer) => {
    blobs.set(sha256(bytes), bytes);
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const layers = tars.map((tar) => keep('application/vnd.oci.image.layer.v1.tar+gzip', compress(tar)));
  const rootfs = { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) };
  const about = keep('application/vnd.oci.image.config.v1+json', json({ architecture, os: 'linux', config, rootfs }));
  const manifest = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: about, layers });
  const entry = (bytes: Buffer, platform: string) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${sha256(bytes)}`,
    size: bytes.length,
    platform: { architecture: platform, os: 'linux' },
  });
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [entry(manifest, architecture)],
  });
  return { blobs, manifest, index, layers: layers.map(({ digest }) => digest.slice(7)) };
}

/** Writes the image as an OCI layout, which umoci reads. */
export async function writeLayout(folder: string, { blobs, manifest }: SampleImage): Promise<void> {
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const bytes of [...blobs.values(), manifest]) await writeFile(join(folder, 'blobs/sha256', sha256(bytes)), bytes);
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': 'sample' };
  const described = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${sha256(manifest)}`,
    size: manifest.length,
    annotations,
  };
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [described] }));
}
