import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { formatByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import type { OsImageLock } from './os-image-cache.ts';
import { type RaspiosSuite, readImageName } from './os-list.ts';

/** The names of images that can be taken by path. */
export const IMAGE_NAME = /\.(?:img|img\.xz|zip)$/;

export interface LocalImage {
  readonly bytes: number;
  readonly sha256: string;
  readonly suite: RaspiosSuite;
  readonly release: string | null;
  /** What the file beside it holds that ends with ".sig", if there is one. */
  readonly signature: Buffer | undefined;
}

/** What an image of one's own is: as the lock says, as one chose, as its name tells; else trixie. */
export async function readLocalImage(
  { progress, signal }: Session,
  file: string,
  { locked, suite }: { readonly locked?: OsImageLock | undefined; readonly suite?: RaspiosSuite | undefined },
): Promise<LocalImage> {
  const named = readImageName(basename(file));
  const hash = createHash('sha256');
  let bytes = 0;
  await progress.step(`Reading ${basename(file)}`, async (note) => {
    try {
      for await (const chunk of createReadStream(file, { signal, highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
        note(formatByteSize(bytes));
      }
    } catch (cause) {
      signal.throwIfAborted();
      const { code } = cause as NodeJS.ErrnoException;
      if (code === undefined) throw cause;
      const reason = code === 'ENOENT' ? 'there is none' : code;
      throw new Failure(`Cannot open the image "${file}": ${reason}`, {
        hint: 'Look at the path; in a profile it is relative to the workspace',
        cause,
      });
    }
  });
  const signature = await readFile(`${file}.sig`).catch(() => undefined);
  const chosen = locked?.suite ?? suite ?? named?.suite ?? 'trixie';
  return { bytes, sha256: hash.digest('hex'), suite: chosen, release: locked ? locked.release : (named?.release ?? null), signature };
}
