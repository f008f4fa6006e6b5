import { Failure } from '../../../kit/failure.ts';
import type { Prefix } from '../../image/prefix.ts';
import { paddedBytes, XZ_HEADER_BYTES } from '../../image/xz-format.ts';

/** Bytes of a compressed prefix, and so of the NAME.img.xz that begins with it. */
export interface ByteRange {
  readonly first: number;
  readonly bytes: number;
}

/** Where one block of the new prefix comes from. */
export type BlockSource = ByteRange & {
  /** The SHA-256 of the block, uncompressed. */
  readonly sha256: string;
} & (
    | {
        readonly from: 'old';
        /** Its first byte in the old prefix. */
        readonly at: number;
      }
    | { readonly from: 'download' }
  );

/**
 * What somebody who has one compressed prefix needs to make another: for each block in order, where it is. Blocks are found by their content,
 * wherever they were. The stream's header, XZ_HEADER_BYTES long, is the same in both; what follows the prefix is composed.
 *
 * Two versions of xz may compress the same block differently. Of another length it counts as another block; of the same length that shows in the
 * SHA-256 of the whole (`xz.midstate`) alone, so whoever puts a prefix together checks that, and else downloads all of it.
 * @throws {Failure} when one of them isn't compressed as xz.
 */
export function compareBlocks(before: Prefix, after: Prefix): BlockSource[] {
  const old = new Map(placesOf(before).map((place) => [keyOf(place), place.first]));
  return placesOf(after).map((place) => {
    const { first, bytes, sha256 } = place;
    const at = old.get(keyOf(place));
    return at === undefined ? { first, bytes, sha256, from: 'download' } : { first, bytes, sha256, from: 'old', at };
  });
}

/** The ranges to ask a server for: neighbours are joined. */
export function downloadRanges(sources: readonly BlockSource[]): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (const { first, bytes, from } of sources) {
    if (from === 'old') continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.first + last.bytes === first) ranges[ranges.length - 1] = { first: last.first, bytes: last.bytes + bytes };
    else ranges.push({ first, bytes });
  }
  return ranges;
}

interface Place extends ByteRange {
  readonly sha256: string;
  readonly unpadded: number;
}

function placesOf({ profile, blocks, xz }: Prefix): Place[] {
  if (xz === undefined || xz.records.length !== blocks.length) {
    throw new Failure(`Cannot compare the blocks of "${profile}": it is not compressed as xz`, { hint: `Run "semeur profile build ${profile}"` });
  }
  let first = XZ_HEADER_BYTES;
  return xz.records.map((record, index) => {
    const place = { first, bytes: paddedBytes(record), sha256: blocks[index] ?? '', unpadded: record.unpadded };
    first += place.bytes;
    return place;
  });
}

function keyOf({ sha256, unpadded }: Place): string {
  return `${sha256} ${unpadded}`;
}
