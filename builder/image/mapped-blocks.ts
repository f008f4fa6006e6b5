import { createHash, type Hash } from 'node:crypto';
import { type BlockRange, MAP_BLOCK_BYTES, type MappedRange } from './prefix.ts';

const ZERO_BLOCK = Buffer.alloc(MAP_BLOCK_BYTES);

/** Collects the ranges of 4 KiB blocks that a flasher must write: those with a byte that isn't zero, and those always mapped. */
export interface MappedBlocks {
  /** Takes the next bytes of the image, whole blocks. `zero`: they are known to be zeros. */
  add(bytes: Buffer, zero: boolean): void;
  finish(): MappedRange[];
}

export function collectMappedBlocks(blockCount: number, alwaysMapped: readonly BlockRange[]): MappedBlocks {
  const always = new Uint8Array(blockCount);
  for (const { first, last } of alwaysMapped) always.fill(1, first, last + 1);
  const ranges: MappedRange[] = [];
  let open: { first: number; hash: Hash } | undefined;
  let next = 0;

  function close(end: number): void {
    if (open) ranges.push({ first: open.first, last: end - 1, sha256: open.hash.digest('hex') });
    open = undefined;
  }

  function addRun(bytes: Buffer, first: number, mapped: boolean): void {
    if (mapped) {
      open ??= { first, hash: createHash('sha256') };
      open.hash.update(bytes);
    } else close(first);
  }

  return {
    add(bytes, zero) {
      const count = bytes.length / MAP_BLOCK_BYTES;
      const isMapped = (index: number) => always[next + index] === 1 || (!zero && !isZeroBlock(bytes, index));
      for (let start = 0; start < count; ) {
        const mapped = isMapped(start);
        let end = start + 1;
        while (end < count && isMapped(end) === mapped) end++;
        addRun(bytes.subarray(start * MAP_BLOCK_BYTES, end * MAP_BLOCK_BYTES), next + start, mapped);
        start = end;
      }
      next += count;
    },
    finish() {
      close(next);
      return ranges;
    },
  };
}

function isZeroBlock(bytes: Buffer, index: number): boolean {
  return ZERO_BLOCK.compare(bytes, index * MAP_BLOCK_BYTES, (index + 1) * MAP_BLOCK_BYTES) === 0;
}
