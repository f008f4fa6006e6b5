import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { exitCodeOf, streamCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import type { SizeAndDigest } from './compose.ts';
import type { ImageFormat } from './prefix.ts';

const DECODERS = { xz: ['xz', '--decompress', '--stdout'], zst: ['zstd', '--decompress', '--stdout', '--quiet'] } as const;

/**
 * The bytes that a flasher writes, as they come out of the decoder that clients use. Whoever stops reading ends the decoder.
 * @throws {Failure} when the file is damaged, or the decoder isn't installed.
 */
export async function* decodeImage(file: string, format: ImageFormat): AsyncGenerator<Buffer> {
  if (format === 'img') {
    yield* createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
    return;
  }
  try {
    yield* streamCommand([...DECODERS[format], file], { doing: `unpack "${file}"` });
  } catch (error) {
    // It didn't end by itself, or isn't installed: that tells nothing of the file.
    if (exitCodeOf(error) === undefined) throw error;
    const why = `${DECODERS[format][0]} says that it is damaged`;
    throw new Failure(`Cannot read the image "${file}": ${why}`, { hint: 'Build or download it again', cause: error });
  }
}

/** The first `bytes` bytes of the disk, or fewer when it is smaller; only so much is decoded. */
export async function readHead(file: string, format: ImageFormat, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of decodeImage(file, format)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}

/** Size and SHA-256 of a file as it is ('img'), or of what is compressed in it. */
export async function hashImage(file: string, format: ImageFormat, signal: AbortSignal): Promise<SizeAndDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of decodeImage(file, format)) {
    signal.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
