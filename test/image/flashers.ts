import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import { execa } from 'execa';
import { createDecompressor, parseFileIndex } from 'lzma-native';
import type { SizeAndDigest } from '../../builder/image/compose.ts';
import type { ImageFormat } from '../../builder/image/prefix.ts';

type Unpack = (file: string) => Promise<SizeAndDigest>;

/** GNOME Disks calls lzma_stream_decoder() without LZMA_CONCATENATED, as this class of Python's does: what lies behind the first stream, it never sees. */
const FIRST_STREAM = `
import lzma, sys
decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ)
with open(sys.argv[1], "rb") as file:
    while not decoder.eof:
        piece = file.read(1 << 20)
        if not piece: sys.exit("the first stream has no end")
        sys.stdout.buffer.write(decoder.decompress(piece))
    if decoder.unused_data or file.read(1): sys.exit("there is something behind the first stream")
`;

/** How the programs that people write cards with unpack an image: each by its own decoder, or by one that calls the same library in the same way. */
export const FLASHERS: Readonly<Record<ImageFormat, Readonly<Record<string, Unpack>>>> = {
  xz: {
    'dd (xz)': by('xz', '-dc'),
    'dd (xz with threads)': by('xz', '-T2', '-dc'),
    'dd (busybox)': by('busybox', 'xz', '-dc'),
    'Raspberry Pi Imager (libarchive)': by('bsdcat'),
    'balenaEtcher (lzma-native)': unpackAsEtcher,
    'GNOME Disks (liblzma, one stream)': by('python3', '-c', FIRST_STREAM),
    'a script (Python)': by('python3', '-c', 'import lzma,shutil,sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)'),
  },
  zst: { 'dd (zstd)': by('zstd', '-dc'), 'Raspberry Pi Imager (libarchive)': by('bsdcat') },
  img: { dd: by('cat') },
};

/** What each flasher of a format makes of a file, by its name. */
export async function unpackByAll(format: ImageFormat, file: string): Promise<Record<string, SizeAndDigest>> {
  const found: Record<string, SizeAndDigest> = {};
  for (const [flasher, unpack] of Object.entries(FLASHERS[format])) found[flasher] = await unpack(file);
  return found;
}

/** The same of each flasher of a format: what unpackByAll() is to find. */
export function sameForAll(format: ImageFormat, { bytes, sha256 }: SizeAndDigest): Record<string, SizeAndDigest> {
  return Object.fromEntries(Object.keys(FLASHERS[format]).map((flasher) => [flasher, { bytes, sha256 }]));
}

function by(program: string, ...args: readonly string[]): Unpack {
  return async (file) => {
    const running = execa(program, [...args, file], { buffer: { stdout: false }, encoding: 'buffer', stdin: 'ignore' });
    const [found] = await Promise.all([measure(running.stdout), running]);
    return found;
  };
}

/** Unpacks as Etcher's library does (etcher-sdk 10, build/source-destination/xz.js): the size from the index at the end, then one decompressor over it all. */
async function unpackAsEtcher(file: string): Promise<SizeAndDigest> {
  const handle = await open(file);
  try {
    const size = await readIndexedSize(handle);
    const decoder = createReadStream(file).pipe(createDecompressor({ memlimit: Math.floor(totalmem() * 0.2) }));
    const found = await measure(decoder);
    if (found.bytes !== size) throw new Error(`the index of "${file}" says ${size} bytes, but there are ${found.bytes}`);
    return found;
  } finally {
    await handle.close();
  }
}

async function readIndexedSize(handle: FileHandle): Promise<number> {
  const read = (count: number, offset: number, done: (error: unknown, bytes: Buffer) => void) =>
    void handle.read(Buffer.alloc(count), 0, count, offset).then(
      ({ buffer }) => done(null, buffer),
      (error) => done(error, Buffer.alloc(0)),
    );
  const index = await promisify(parseFileIndex)({ fileSize: (await handle.stat()).size, read });
  return index?.uncompressedSize ?? 0;
}

async function measure(stream: AsyncIterable<Uint8Array>): Promise<SizeAndDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of stream) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
