import { mkdir, readdir, readFile, rename, stat, utimes } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { discardDownload } from '../fetch/part-file.ts';
import { RASPIOS_SUITES } from './os-list.ts';

const sizeAndDigest = z.object({ bytes: z.int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** What a lock carries, so that the same image is taken again, whatever the list says by then. */
export const osImageLockSchema = z.object({
  suite: z.enum(RASPIOS_SUITES),
  /** YYYY-MM-DD; null for an image of one's own whose name doesn't tell. */
  release: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .nullable(),
  /** The url of an image of one's own is "file:" and its path from the workspace. */
  download: sizeAndDigest.extend({ url: z.string().regex(/^(?:https?:\/\/|file:)/) }),
  /** Unpacked. */
  image: sizeAndDigest,
});
export type OsImageLock = z.output<typeof osImageLockSchema>;

/** An operating system, unpacked, in the cache. */
export type OsImage = OsImageLock & { readonly raw: string };

/** The folder of an image, by the digest of what is unpacked: also where its download is under way. */
export function osImageFolder(sha256: string, ...parts: readonly string[]): string {
  return cacheFolder('os-image', sha256, ...parts);
}

/** What the cache has of it, if it is whole. Using it counts for `cache prune`. */
export async function findOsImage(sha256: string): Promise<OsImage | undefined> {
  const raw = osImageFolder(sha256, 'raw.img');
  const record = await readRecord(sha256);
  if (!record || (await stat(raw).catch(() => undefined))?.size !== record.image.bytes) return undefined;
  const now = new Date();
  await utimes(raw, now, now);
  return { ...record, raw };
}

/** The one that was unpacked from a file of this digest. */
export async function findByDownload(sha256: string): Promise<OsImage | undefined> {
  for (const name of await readdir(cacheFolder('os-image')).catch(() => [])) {
    if ((await readRecord(name))?.download.sha256 === sha256) return findOsImage(name);
  }
  return undefined;
}

/** Finds, among those in the cache, the one that was unpacked last. */
export async function findNewestOsImage(): Promise<OsImage | undefined> {
  const names = await readdir(cacheFolder('os-image')).catch(() => []);
  const times = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(osImageFolder(name, 'image.json')).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  const [newest] = times.filter(({ time }) => time > 0).sort((a, b) => b.time - a.time);
  return newest && findOsImage(newest.name);
}

/** Moves an unpacked image into the cache; its record is written last, so that half an entry is none. What it was unpacked from goes. */
export async function keepOsImage(raw: string, lock: OsImageLock): Promise<OsImage> {
  const { sha256 } = lock.image;
  const kept = osImageFolder(sha256, 'raw.img');
  await mkdir(osImageFolder(sha256), { recursive: true });
  await rename(raw, kept);
  await writeFileAtomically(osImageFolder(sha256, 'image.json'), `${JSON.stringify(lock, null, 2)}\n`);
  await discardDownload(osImageFolder(sha256, 'download'));
  return { ...lock, raw: kept };
}

async function readRecord(sha256: string): Promise<OsImageLock | undefined> {
  const text = await readFile(osImageFolder(sha256, 'image.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const read = osImageLockSchema.safeParse(JSON.parse(text));
    return read.success && read.data.image.sha256 === sha256 ? read.data : undefined;
  } catch {
    return undefined;
  }
}
