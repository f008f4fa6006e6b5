/** A run of blocks of a file: `count` blocks from the file's block `at` lie at the file system's block `block`. */
export interface Run {
  readonly at: number;
  readonly count: number;
  readonly block: number;
  /** false: reserved, and reads as zeros. */
  readonly isWritten: boolean;
}

const MAGIC = 0xf30a;
const LONGEST = 32768;

/**
 * Follows an extent tree to its leaves, in the file's order.
 * @param node the header and what follows it: 60 bytes in an inode, else a block.
 * Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/ifork.html
 */
export async function parseExtents(node: Buffer, readBlock: (block: number) => Promise<Buffer>): Promise<Run[]> {
  if (node.readUInt16LE(0) !== MAGIC) throw new Error('An extent tree has a node without its magic number');
  const entries = Array.from({ length: node.readUInt16LE(2) }, (_, index) => node.subarray(12 + index * 12, 24 + index * 12));
  if (node.readUInt16LE(6) === 0) return entries.map(parseLeaf);
  const runs: Run[] = [];
  for (const entry of entries)
    runs.push(...(await parseExtents(await readBlock(entry.readUInt32LE(4) + entry.readUInt16LE(8) * 2 ** 32), readBlock)));
  return runs;
}

function parseLeaf(entry: Buffer): Run {
  const length = entry.readUInt16LE(4);
  return {
    at: entry.readUInt32LE(0),
    count: length > LONGEST ? length - LONGEST : length,
    block: entry.readUInt32LE(8) + entry.readUInt16LE(6) * 2 ** 32,
    isWritten: length <= LONGEST,
  };
}
