import { Failure } from '../../kit/failure.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import type { ImageFormat, Prefix } from './prefix.ts';
import { continueSha256 } from './sha256.ts';
import { renderIndexAndFooter } from './xz-format.ts';
import { renderXzSeedBlock } from './xz-seed-block.ts';
import { renderZstSeedFrame } from './zst-format.ts';

export interface SizeAndDigest {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Composed {
  /** What follows the cached prefix file. */
  readonly tail: Buffer;
  /** The whole file: prefix file, then tail. */
  readonly image: SizeAndDigest;
  /** What a flasher writes to the card. */
  readonly extracted: SizeAndDigest;
}

/**
 * Composes one client's image: O(seed), whatever the prefix's size, with no compressor.
 * @param region the seed region, 4 MiB.
 */
export async function composeTail(prefix: Prefix, region: Uint8Array, format: ImageFormat): Promise<Composed> {
  if (region.length !== REGION_BYTES) throw new RangeError(`Cannot compose a seed region of ${region.length} bytes: it must be ${REGION_BYTES}`);
  const bytes = Buffer.from(region.buffer, region.byteOffset, region.byteLength);
  const extracted = { bytes: prefix.bytes + region.length, sha256: await continueSha256(prefix.midstate, region) };
  if (format === 'img') return { tail: bytes, image: extracted, extracted };
  const { tail, head } = format === 'xz' ? xzTail(prefix, bytes) : await zstTail(prefix, bytes);
  const image = { bytes: head.bytes + tail.length, sha256: await continueSha256(head.midstate, tail) };
  return { tail, image, extracted };
}

function xzTail(prefix: Prefix, region: Buffer) {
  const head = prefix.xz ?? missing(prefix, 'xz');
  const { block, record } = renderXzSeedBlock(region);
  return { head, tail: Buffer.concat([block, renderIndexAndFooter([...head.records, record])]) };
}

async function zstTail(prefix: Prefix, region: Buffer) {
  return { head: prefix.zst ?? missing(prefix, 'zst'), tail: await renderZstSeedFrame(region) };
}

function missing({ profile }: Prefix, format: ImageFormat): never {
  throw new Failure(`Cannot compose an image: the profile "${profile}" is not compressed as ${format} yet`, {
    hint: `Run "semeur build CLIENT --format ${format}", which compresses it once`,
  });
}
