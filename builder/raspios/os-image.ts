import { open, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { formatByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { writeSparse } from '../disk/sparse-file.ts';
import { type Downloaded, downloadFile } from '../fetch/download.ts';
import { fetchDocument } from '../fetch/fetch-document.ts';
import { discardDownload } from '../fetch/part-file.ts';
import type { Patience } from '../fetch/patience.ts';
import { withWorkFolder } from '../sandbox/sandbox.ts';
import { readLocalImage } from './local-image.ts';
import { WrongSignature } from './openpgp-signature.ts';
import { findByDownload, findOsImage, keepOsImage, type OsImage, type OsImageLock, osImageFolder } from './os-image-cache.ts';
import { checkFound, findKeys, type OsImageSource } from './os-image-source.ts';
import { chooseImage, fetchOsList, type ListedImage, type RaspiosSuite } from './os-list.ts';
import { DamagedImage, unpackImage } from './unpack.ts';

export { type OsImage, type OsImageLock, osImageLockSchema } from './os-image-cache.ts';

/** Which image: as a lock pins it, one of one's own, or one of the list (trixie, and the newest, unless said otherwise). */
export interface OsImageChoice {
  readonly locked?: OsImageLock | undefined;
  /** Path of a .img, .img.xz or .zip, from `folder`. */
  readonly file?: string | undefined;
  readonly suite?: RaspiosSuite | undefined;
  /** YYYY-MM-DD */
  readonly release?: string | undefined;
}

export interface OsImageOptions {
  readonly source: OsImageSource;
  /** What paths are relative to: the workspace. */
  readonly folder: string;
  readonly patience?: Partial<Patience>;
}

type Known = Omit<OsImageLock, 'download' | 'image'> & {
  readonly download: { readonly url: string; readonly bytes: number; readonly sha256?: string | undefined };
  readonly image: OsImageLock['image'];
};

/** Raspberry Pi OS as a raw image in the cache: downloaded, checked and unpacked where it isn't there yet. */
export async function ensureOsImage(session: Session, choice: OsImageChoice, options: OsImageOptions): Promise<OsImage> {
  const { locked, file } = choice;
  const path = locked?.download.url.startsWith('file:') ? locked.download.url.slice('file:'.length) : locked ? undefined : file;
  if (path !== undefined) return ensureLocal(session, path, choice, options);
  return ensureDownloaded(session, locked ?? (await chooseListed(session, choice, options)), options);
}

/** Whether `base fetch` would have nothing to do. */
export async function isCached({ image }: Pick<ListedImage, 'image'>): Promise<boolean> {
  return (await findOsImage(image.sha256)) !== undefined;
}

async function chooseListed(session: Session, choice: OsImageChoice, { source, patience }: OsImageOptions): Promise<ListedImage> {
  return chooseImage(await fetchOsList(session, source.list, patience), choice);
}

async function ensureDownloaded(session: Session, known: Known, { source, patience }: OsImageOptions): Promise<OsImage> {
  const { suite, release, download, image } = known;
  const name = basename(new URL(download.url).pathname);
  const cached = await findOsImage(image.sha256);
  if (cached) return { ...cached, suite, release, download: { ...cached.download, url: download.url } };
  const found = await findKeys(
    session,
    name,
    await fetchDocument(session, signatureUrl(download.url), { most: 64 * 1024, patience }),
    source,
    patience,
  );
  const file = osImageFolder(image.sha256, 'download');
  const done = await session.progress.step(`Downloading ${name} (${formatByteSize(download.bytes)})`, (note) => {
    const { bytes, sha256, url } = download;
    return downloadFile(session, url, file, { bytes, sha256, room: image.bytes, note, patience });
  });
  return discardingWrong(file, async () => {
    await checkFound(session, file, name, found, source);
    return unpack(session, file, name, image, (unpacked) => ({ suite, release, download: { ...done, url: download.url }, image: unpacked }));
  });
}

/** The signature stands beside the file: the query of an address isn't part of its name. */
function signatureUrl(url: string): string {
  const parsed = new URL(url);
  parsed.pathname += '.sig';
  return parsed.href;
}

async function ensureLocal(session: Session, path: string, choice: OsImageChoice, { source, folder }: OsImageOptions): Promise<OsImage> {
  const { locked } = choice;
  const cached = locked && (await findOsImage(locked.image.sha256));
  if (cached) return { ...locked, raw: cached.raw };
  const file = resolve(folder, path);
  const name = basename(file);
  const local = await readLocalImage(session, file, choice);
  if (locked && locked.download.sha256 !== local.sha256) {
    throw new Failure(`Cannot take the image "${file}": it is not the one that the lock names`, {
      hint: 'Put that one back, or take this one with "--update"',
    });
  }
  await checkFound(session, file, name, await findKeys(session, name, local.signature, source), source);
  const { suite, release } = local;
  const download = { url: `file:${path}`, bytes: local.bytes, sha256: local.sha256 };
  const known = await findByDownload(local.sha256);
  if (known) return { ...known, suite, release, download };
  return unpack(session, file, name, locked?.image, (image) => ({ suite, release, download, image }));
}

/** What turns out to be wrong is not to be met again by the next run; what is only interrupted is. */
async function discardingWrong<T>(file: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if ([WrongSignature, WrongImage, DamagedImage].some((kind) => error instanceof kind)) await discardDownload(file);
    throw error;
  }
}

/** A failure after which nothing may be kept. */
class WrongImage extends Failure {}

async function unpack(
  session: Session,
  file: string,
  name: string,
  wanted: Downloaded | undefined,
  describe: (image: Downloaded) => OsImageLock,
): Promise<OsImage> {
  return session.progress.step(`Unpacking ${name}`, (note) =>
    withWorkFolder(async (work) => {
      const raw = join(work.path, 'raw.img');
      const handle = await open(raw, 'wx+');
      try {
        const image = await writeSparse(handle, unpackImage(file, name, session.signal), (bytes) => {
          session.signal.throwIfAborted();
          if (wanted && bytes > wanted.bytes) throw wrongImage(name, `it has more than ${wanted.bytes} bytes`);
          note(`${formatByteSize(bytes)}${wanted ? ` of ${formatByteSize(wanted.bytes)}` : ''}`);
        });
        if (wanted && image.bytes !== wanted.bytes) throw wrongImage(name, `it has ${image.bytes} bytes, expected ${wanted.bytes}`);
        if (wanted && image.sha256 !== wanted.sha256) throw wrongImage(name, `its SHA-256 is ${image.sha256}, expected ${wanted.sha256}`);
        await checkDisk(raw, name);
        await handle.sync();
        return await keepOsImage(raw, describe(image));
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? noRoom(name, error) : error;
      } finally {
        await handle.close();
      }
    }),
  );
}

function wrongImage(name: string, why: string): WrongImage {
  return new WrongImage(`Cannot use what is in "${name}": ${why}; nothing is kept`, {
    hint: 'Run the same command again; if it stays so, the list and the file do not belong together',
  });
}

function noRoom(name: string, cause: unknown): Failure {
  const hint = 'Free some space (semeur cache prune), or set XDG_CACHE_HOME to a larger disk';
  return new Failure(`Cannot unpack "${name}": the disk is full`, { hint, cause });
}

/** The boot signature of a partition table, which every image of a card has. */
async function checkDisk(raw: string, name: string): Promise<void> {
  const handle = await open(raw, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 510);
    const { size } = await stat(raw);
    if (bytesRead === 2 && buffer.readUInt16BE() === 0x55aa && size % 512 === 0) return;
  } finally {
    await handle.close();
  }
  throw new WrongImage(`Cannot use what is in "${name}": it is no disk with a partition table`, { hint: 'Give a 64-bit Raspberry Pi OS Lite image' });
}
