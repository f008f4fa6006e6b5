export type CompressedFormat = 'xz' | 'zst';

/** A block of the raw prefix that waits to be compressed: it begins at `index` × PREFIX_BLOCK_BYTES. */
export interface RawBlock {
  readonly index: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface CompressOptions {
  readonly signal: AbortSignal;
  /** Says where the work is. */
  readonly note: (text: string) => void;
}

export interface Compressor {
  /** Names program, version and options, such as "xz-5.8.1--6": blocks are cached under it. */
  readonly name: string;
  /**
   * Compresses each block by itself, into `intoFolder/SHA256.xz` (one `xz --check=crc32` stream of one block) or `.zst` (one frame with its content size).
   * Blocks that were finished before an interruption are kept.
   */
  compress(blocks: readonly RawBlock[], rawFile: string, intoFolder: string, options: CompressOptions): Promise<void>;
}
