import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../kit/command.ts';
import { readLayout } from '../../disk/disk-layout.ts';
import { sumFolder } from '../folder/sums.ts';
import { describeImageTree } from './image-tree.ts';

/** Where two disks differ. */
export interface ImageDifference {
  readonly where: 'partition table' | 'boot partition' | 'root file system';
  /** The first file that differs, by path; null: the same files, otherwise laid out. */
  readonly path: string | null;
  /** What it is in each; null: it is not there. */
  readonly first: string | null;
  readonly second: string | null;
  /** How many files differ there. */
  readonly files: number;
}

/**
 * Names the first file in which two raw disks differ, mounting neither.
 * @param folder for what is copied out of them. @returns undefined where they don't.
 */
export async function findDifference(first: string, second: string, folder: string, signal: AbortSignal): Promise<ImageDifference | undefined> {
  const offset = await findDifferingByte(first, second);
  if (offset === undefined) return undefined;
  const { boot, root } = await readLayout(first);
  if (offset < boot.start) return { where: 'partition table', path: null, first: null, second: null, files: 0 };
  if (offset < root.start)
    return compare('boot partition', await describeBoot(first, folder, 'first', signal), await describeBoot(second, folder, 'second', signal));
  return compare('root file system', await describeImageTree(first), await describeImageTree(second));
}

function compare(where: ImageDifference['where'], first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): ImageDifference {
  const paths = [...new Set([...first.keys(), ...second.keys()])].filter((path) => first.get(path) !== second.get(path)).sort();
  const [path = null] = paths;
  return { where, path, first: first.get(path ?? '') ?? null, second: second.get(path ?? '') ?? null, files: paths.length };
}

async function findDifferingByte(first: string, second: string): Promise<number | undefined> {
  const handles = await Promise.all([open(first), open(second)]);
  const buffers = handles.map(() => Buffer.alloc(4 * 1024 * 1024));
  try {
    for (let offset = 0; ; ) {
      const [one, other] = await Promise.all(
        handles.map(async (handle, index) => {
          const buffer = buffers[index] ?? Buffer.alloc(0);
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
          return buffer.subarray(0, bytesRead);
        }),
      );
      if (!one || !other || !one.equals(other)) return offset + firstDifference(one ?? Buffer.alloc(0), other ?? Buffer.alloc(0));
      if (one.length === 0) return undefined;
      offset += one.length;
    }
  } finally {
    for (const handle of handles) await handle.close();
  }
}

function firstDifference(one: Buffer, other: Buffer): number {
  const index = one.findIndex((byte, at) => byte !== other[at]);
  return index < 0 ? one.length : index;
}

/** Each file by its digest: mtools reads FAT. */
async function describeBoot(raw: string, folder: string, name: string, signal: AbortSignal): Promise<Map<string, string>> {
  const { boot } = await readLayout(raw);
  const to = join(folder, name);
  await mkdir(to);
  await runCommand(['mcopy', '-s', '-n', '-Q', '-i', `${raw}@@${boot.start}`, '::', to], {
    doing: 'read the boot partition',
    signal,
    env: { MTOOLS_SKIP_CHECK: '1' },
  });
  return new Map((await sumFolder(to, signal)).map(({ path, sha256 }) => [`/${path}`, sha256]));
}
