import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Response } from 'node-fetch';
import { formatByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { discardDownload, PartFile } from './part-file.ts';
import { type Attempt, type Patience, tryUntilDone } from './patience.ts';
import { TryAgain } from './try-again.ts';
import { openUrl, refuseStatus, showUrl } from './web-request.ts';

export interface DownloadOptions {
  /** What the file must be; each is checked where it is known. */
  readonly bytes?: number | undefined;
  readonly sha256?: string | undefined;
  /** Bytes that have to be free on the disk besides: for what is made of the download. */
  readonly room?: number | undefined;
  /** More bytes than this are refused, where their number isn't known. */
  readonly most?: number | undefined;
  /** Asks for the file, where that takes more than its address. */
  readonly open?: typeof openUrl | undefined;
  readonly note?: ((text: string) => void) | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

export interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Downloads `url` into `file`: goes on where this run or an earlier one was cut, and begins anew where the server can't, or has another file by now.
 * A file that is there whole is hashed again, not downloaded. Whoever has used it up calls discardDownload().
 * @throws {Failure} when it is given up (the part is kept), when the disk is too small, or when length or hash are wrong (nothing is kept).
 */
export async function downloadFile({ signal }: Pick<Session, 'signal'>, url: string, file: string, options: DownloadOptions): Promise<Downloaded> {
  await mkdir(dirname(file), { recursive: true });
  const part = await PartFile.open(file, url, signal);
  try {
    if (options.bytes !== undefined && part.bytes > options.bytes) await part.restart(undefined);
    if (options.bytes === undefined || part.bytes < options.bytes) await fetchRest(signal, url, file, part, options);
    const done = { bytes: part.bytes, sha256: part.sha256 };
    checkWhole(url, done, options);
    await part.finish();
    return done;
  } catch (error) {
    if (error instanceof WrongFile) await discardDownload(file);
    throw explainFullDisk(file, error);
  } finally {
    await part.close();
  }
}

/** A failure after which nothing may be kept. */
class WrongFile extends Failure {}

/** Nothing can be downloaded, wherever from. */
export class FullDisk extends Failure {}

async function fetchRest(signal: AbortSignal, url: string, file: string, part: PartFile, options: DownloadOptions): Promise<void> {
  const { bytes, most = Number.POSITIVE_INFINITY, open = openUrl, note, patience } = options;
  if (bytes !== undefined) await checkRoom(file, bytes - part.bytes, options.room);
  let furthest = part.bytes;
  await tryUntilDone({ url: showUrl(url), signal, note, patience }, async (attempt) => {
    const response = await open(url, rangeHeaders(part, options), attempt.signal);
    const total = await takeUp(url, response, part);
    if (total !== undefined) checkLength(url, total, bytes);
    if ((total ?? 0) > most) throw wrongLength(url, String(total), most);
    if (total !== undefined && bytes === undefined) await checkRoom(file, total - part.bytes, options.room);
    await readBody(url, response, part, attempt, {
      total: total ?? bytes,
      limit: total ?? bytes ?? most,
      note,
      further: () => {
        if (part.bytes > furthest) attempt.progressed();
        furthest = Math.max(furthest, part.bytes);
      },
    });
    if (total !== undefined && part.bytes < total) throw new TryAgain('the connection was cut');
  });
}

/** Without a validator, only a hash can tell that the two halves are of one file. */
function rangeHeaders(part: PartFile, { sha256 }: DownloadOptions): Record<string, string> {
  if (part.bytes === 0 || (part.validator === undefined && sha256 === undefined)) return {};
  const range = { Range: `bytes=${part.bytes}-` };
  return part.validator === undefined ? range : { ...range, 'If-Range': part.validator };
}

/**
 * Makes the part fit the answer: what comes next is to be appended.
 * @returns the length of the whole file, where the server says it.
 */
async function takeUp(url: string, response: Response, part: PartFile): Promise<number | undefined> {
  const validator = readValidator(response);
  if (response.status === 200) {
    if (part.bytes > 0 || part.validator !== validator) await part.restart(validator);
    return readNumber(response.headers.get('content-length'));
  }
  if (response.status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    const same = part.validator === undefined || validator === undefined || validator === part.validator;
    if (Number(from) === part.bytes && same) return readNumber(total ?? null);
  }
  if (response.status !== 206 && response.status !== 416) throw refuseStatus(url, response);
  await part.restart(undefined);
  throw new TryAgain('the server has another file by now');
}

/** RFC 9110, section 13.1.5: a weak ETag is none for ranges. */
function readValidator({ headers }: Response): string | undefined {
  const tag = headers.get('etag');
  return tag !== null && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? undefined);
}

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

interface BodyOptions {
  readonly total: number | undefined;
  readonly limit: number;
  readonly note: ((text: string) => void) | undefined;
  readonly further: () => void;
}

/** One chunk is written before the next is taken: memory stays small however slow the disk. */
async function readBody(
  url: string,
  response: Response,
  part: PartFile,
  attempt: Attempt,
  { total, limit, note, further }: BodyOptions,
): Promise<void> {
  const start = { bytes: part.bytes, time: performance.now() };
  let noted = start.time;
  for await (const chunk of response.body ?? []) {
    attempt.awaitDisk();
    if (part.bytes + chunk.length > limit) throw wrongLength(url, 'more', limit);
    await part.append(chunk as Buffer);
    further();
    if (performance.now() - noted > 200) {
      noted = performance.now();
      note?.(describeProgress(part.bytes, total, (1000 * (part.bytes - start.bytes)) / (noted - start.time)));
    }
    attempt.awaitNetwork();
  }
}

/** "120.0 MiB of 525.0 MiB, 10.2 MiB/s, 40 s left". */
export function describeProgress(bytes: number, total: number | undefined, perSecond: number): string {
  const rate = `${formatByteSize(perSecond)}/s`;
  if (total === undefined) return `${formatByteSize(bytes)}, ${rate}`;
  const seconds = Math.ceil((total - bytes) / Math.max(perSecond, 1));
  const left = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `${formatByteSize(bytes)} of ${formatByteSize(total)}, ${rate}, ${left} left`;
}

function checkWhole(url: string, done: Downloaded, wanted: DownloadOptions): void {
  checkLength(url, done.bytes, wanted.bytes);
  if (wanted.sha256 === undefined || wanted.sha256 === done.sha256) return;
  throw new WrongFile(`Cannot use the download of "${showUrl(url)}": its SHA-256 is ${done.sha256}, expected ${wanted.sha256}; nothing is kept`, {
    hint: 'Run the same command again; if it stays so, the list and the file do not belong together',
  });
}

function checkLength(url: string, found: number, wanted: number | undefined): void {
  if (wanted !== undefined && found !== wanted) throw wrongLength(url, String(found), wanted);
}

function wrongLength(url: string, found: string, wanted: number): WrongFile {
  return new WrongFile(`Cannot use the download of "${showUrl(url)}": it has ${found} bytes, expected ${wanted}; nothing is kept`, {
    hint: 'Run the same command again; if it stays so, the list and the file do not belong together',
  });
}

async function checkRoom(file: string, rest: number, room = 0): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(file));
  const [free, needed] = [bavail * bsize, rest + room];
  if (free >= needed) return;
  throw new FullDisk(`Cannot download into "${dirname(file)}": ${formatByteSize(needed)} are needed, ${formatByteSize(free)} are free`, {
    hint: FREE_HINT,
  });
}

const FREE_HINT = 'Free some space (semeur cache prune), or set XDG_CACHE_HOME to a larger disk';

function explainFullDisk(file: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
  return new FullDisk(`Cannot download into "${dirname(file)}": the disk is full; what came is kept`, { hint: FREE_HINT, cause: error });
}
