import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import { writeRange } from '../../kit/file-range.ts';
import { copyRanges, copyWhole } from './copy-ranges.ts';
import { type ImageFormat, MAP_BLOCK_BYTES, type Prefix, prefixFile } from './prefix.ts';

export interface WriteImageOptions {
  readonly signal?: AbortSignal;
  readonly mode?: number;
  /** What to do when the disk has no room for it. */
  readonly roomHint?: string;
}

const MAKE_ROOM = 'Make room on that disk, then run the same command again';
/** A client's image can be made again: nothing waits for the disk. */
export const ROOM_OR_SEED = 'Make room, or build with "--seed-only": the seed, its tail and the hashes are all that a composed download needs';

/**
 * Writes a client's image: the cached prefix file, copied on write where the file system can, else copied once, and the tail after it.
 * A reader sees the whole image under its name, or none.
 */
export async function writeImage(
  prefix: Prefix,
  tail: Uint8Array,
  format: ImageFormat,
  file: string,
  { signal, mode = 0o644, roomHint = MAKE_ROOM }: WriteImageOptions = {},
): Promise<void> {
  const bytes = format === 'img' ? prefix.bytes : (prefix[format]?.bytes ?? 0);
  const needed = tail.length + (format === 'img' ? prefix.mappedBlocks * MAP_BLOCK_BYTES : bytes);
  const source = prefixFile(prefix.digest, format);
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeAtomically(
      file,
      async (_, temporary) => {
        const cloned = await cloneFile(source, temporary);
        if (!cloned) await checkFreeSpace(dirname(file), needed, roomHint, file);
        // A clone that fails takes its destination away, so the handle of writeAtomically may be of a file without a name.
        const handle = await open(temporary, cloned ? 'r+' : 'w+', mode);
        try {
          await handle.chmod(mode);
          if (!cloned) await copyPrefix(source, handle, prefix, format, bytes, signal);
          signal?.throwIfAborted();
          await writeRange(handle, bytes, tail);
          await handle.sync();
        } finally {
          await handle.close();
        }
      },
      { mode },
    );
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? await diskFull(file, dirname(file), needed, roomHint, error) : error;
  }
}

async function cloneFile(source: string, destination: string): Promise<boolean> {
  try {
    await copyFile(source, destination, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

async function copyPrefix(
  source: string,
  handle: FileHandle,
  prefix: Prefix,
  format: ImageFormat,
  bytes: number,
  signal?: AbortSignal,
): Promise<void> {
  if (format === 'img') await copyRanges(source, handle, prefix, signal);
  else await copyWhole(source, handle, bytes, signal);
}

/** @param target what is about to be written, where it isn't the folder's own. @throws {Failure} when `needed` bytes are more than what is free in a folder. */
export async function checkFreeSpace(folder: string, needed: number, roomHint: string, target = folder): Promise<void> {
  if ((await freeBytes(folder)) < needed) throw await diskFull(target, folder, needed, roomHint);
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function diskFull(target: string, folder: string, needed: number, hint: string, cause?: unknown): Promise<Failure> {
  return new Failure(`Cannot write "${target}": ${needed} bytes are needed, ${await freeBytes(folder)} are free`, {
    hint,
    cause,
  });
}
