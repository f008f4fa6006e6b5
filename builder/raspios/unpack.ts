import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { exitCodeOf, streamCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';

const CHUNK = 1024 * 1024;

/**
 * The disk in a .img, .img.xz or .zip, told by the name.
 * @param name as the file was called, where it lies under another name now.
 * @throws {Failure} when it is none of them, or damaged.
 */
export async function* unpackImage(file: string, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (name.endsWith('.xz')) yield* unpackXz(file, name, signal);
  else if (name.endsWith('.zip')) yield* unpackZip(file, name, signal);
  else if (name.endsWith('.img')) yield* createReadStream(file, { highWaterMark: CHUNK, signal }) as AsyncIterable<Buffer>;
  else throw new Failure(`Cannot unpack "${name}": it is no .img, .img.xz or .zip`, { hint: 'Give an image under its usual name' });
}

/** The file itself is to blame: it may not be kept, or the next run would meet it again. */
export class DamagedImage extends Failure {}

async function* unpackXz(file: string, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* streamCommand(['xz', '--decompress', '--stdout', file], { doing: `unpack "${file}"`, signal });
  } catch (error) {
    // It didn't end by itself, or isn't installed: that tells nothing of the file.
    if (exitCodeOf(error) === undefined) throw error;
    throw new DamagedImage(`Cannot unpack "${name}": it is damaged, or no xz`, { hint: 'Download it again', cause: error });
  }
}

async function* unpackZip(file: string, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const damaged = (cause: unknown) => new DamagedImage(`Cannot unpack "${name}": it is damaged, or no zip`, { hint: 'Download it again', cause });
  const zip: ZipFile = await openPromise(file, { lazyEntries: true, autoClose: false }).catch((error: unknown) => {
    throw damaged(error);
  });
  try {
    const entry = await findImage(zip, name);
    let checksum = 0;
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
    // Yauzl leaves this to us.
    if (checksum !== entry.crc32) throw damaged(undefined);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Failure || 'syscall' in (error as object) ? error : damaged(error);
  } finally {
    zip.close();
  }
}

async function findImage(zip: ZipFile, name: string): Promise<Entry> {
  const images: Entry[] = [];
  for await (const entry of zip.eachEntry()) if (entry.fileName.endsWith('.img')) images.push(entry);
  const [image] = images;
  if (image && images.length === 1) return image;
  throw new DamagedImage(`Cannot unpack "${name}": it holds ${images.length === 0 ? 'no image' : `${images.length} images`}`, {
    hint: 'Give a zip with one .img in it, or the .img itself',
  });
}
