import { z } from 'zod';
import { Failure } from '../../../kit/failure.ts';
import type { Prefix } from '../../image/prefix.ts';
import { paddedBytes, XZ_HEADER_BYTES } from '../../image/xz-format.ts';

/** A prefix as a release tells it: always compressed as xz. */
export type ReleasedPrefix = Prefix & { readonly xz: NonNullable<Prefix['xz']> };

const size = z.int().nonnegative();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const midstate = z.base64().min(1);

const blocksFile = z
  .object({
    profile: z.string().regex(/^[a-z0-9-]+$/),
    digest,
    bytes: size.positive(),
    midstate,
    blockBytes: size.positive(),
    blocks: z.array(digest),
    mapped: z.array(z.object({ first: size, last: size, sha256: digest })),
    mappedBlocks: size,
    xz: z.object({
      bytes: size,
      midstate,
      records: z.array(z.object({ unpadded: size.positive(), uncompressed: size.positive() })),
      check: z.literal('crc32'),
    }),
  })
  .refine(hasRightSizes);

/**
 * Reads a NAME.blocks.json, of whoever made it: what it says of sizes fits together.
 * @param file what to call it in the message.
 * @throws {Failure} when it doesn't, or is something else.
 */
export function parseBlocksFile(text: string, file: string): ReleasedPrefix {
  try {
    return blocksFile.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure(`Cannot use "${file}": it does not tell the blocks of an image`, {
      hint: 'Take the release again from where it was published; it may be damaged, or of another version of Semeur',
      cause: error,
    });
  }
}

function hasRightSizes({ bytes, blockBytes, blocks, xz }: Prefix & Pick<ReleasedPrefix, 'xz'>): boolean {
  const { records } = xz;
  const uncompressed = (index: number) => Math.min(blockBytes, bytes - index * blockBytes);
  return (
    blocks.length === Math.ceil(bytes / blockBytes) &&
    records.length === blocks.length &&
    records.every((record, index) => record.uncompressed === uncompressed(index)) &&
    records.reduce((sum, record) => sum + paddedBytes(record), XZ_HEADER_BYTES) === xz.bytes
  );
}
