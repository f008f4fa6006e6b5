import { createHash } from 'node:crypto';
import type { PackageSet, PooledFile } from '../../builder/debian/package-set.ts';
import type { ProfileLock } from '../../builder/profile/lock.ts';

/** Names of packages, such as "curl_8.14.1-2_arm64.deb", by what they are in. */
export interface SampleDebs {
  readonly toolbox?: readonly string[];
  readonly base?: readonly string[];
  readonly added?: readonly string[];
}

/** A lock of made-up files: each name has a digest of its own. */
export function sampleLock({ toolbox = [], base = [], added = [] }: SampleDebs = {}, image?: ProfileLock['image']): ProfileLock {
  // 2026-09-21
  return { lock: 1, epoch: 1_790_000_000, ...(image && { image }), toolbox: sampleSet(toolbox), base: sampleSet(base), added: sampleSet(added) };
}

/** The same lock with container apps: their images by the service's name. */
export function withContainers(lock: ProfileLock, images: Readonly<Record<string, string>>): ProfileLock {
  const containers = Object.entries(images).map(([overlay, image]) => ({ overlay, image, licence: 'AGPL-3.0-only', blobs: [] }));
  return { ...lock, containers };
}

export function sampleImage(release: string): NonNullable<ProfileLock['image']> {
  const sha256 = createHash('sha256').update(release).digest('hex');
  const url = `https://mirror.example/${release}-raspios-trixie-arm64-lite.img.xz`;
  return { suite: 'trixie', release, download: { url, bytes: 10, sha256 }, image: { bytes: 100, sha256 } };
}

function sampleSet(debs: readonly string[]): PackageSet {
  return { lists: [], debs: debs.map(sampleDeb) };
}

function sampleDeb(name: string): PooledFile {
  return { sha256: createHash('sha256').update(name).digest('hex'), name };
}
