import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import { hashFile } from '../../kit/hash-file.ts';
import { runLanes } from '../../kit/lanes.ts';
import type { Session } from '../../kit/session.ts';
import { downloadFile, FullDisk } from '../fetch/download.ts';
import { BusyFile } from '../fetch/part-file.ts';
import type { Patience } from '../fetch/patience.ts';
import { TryAgain } from '../fetch/try-again.ts';
import { showUrl } from '../fetch/web-request.ts';
import { addressesOf, isAddress, type Places } from './package-places.ts';
import { type Deb, parseDebName, poolPath } from './package-set.ts';

/** Many of them are small: what counts is that the line is never idle between two. */
const LANES = 6;
/** There may be another place to ask. */
const TRIES = 3;
/** More are not named. */
const NAMED = 10;

export interface EnsureOptions {
  /** The lock's SOURCE_DATE_EPOCH. */
  readonly epoch: number;
  readonly patience?: Partial<Patience>;
}

/**
 * Sees to it that the pool has these packages, each with the bytes that its hash says, wherever they come from.
 * @throws {Failure} that names what can't be had, why, and the way out; what came stays in the pool.
 */
export async function ensureDebs(session: Session, debs: readonly Deb[], places: Places, { epoch, patience }: EnsureOptions): Promise<void> {
  const all = [...new Map(debs.map((deb) => [deb.sha256, deb])).values()];
  const whole = await runLanes(all, LANES, (deb) => isWhole(session, deb));
  const missing = all.filter((_, index) => whole[index] === false);
  if (missing.length === 0) return;
  const bytes = missing.reduce((sum, deb) => sum + (deb.bytes ?? 0), 0);
  await session.progress.step(`Fetching ${countOf(missing.length)}, ${formatByteSize(bytes)}`, async (note) => {
    const silent = new Map<string, string>();
    let [done, come] = [0, 0];
    const reasons = await runLanes(missing, LANES, async (deb) => {
      const reason = await seek(session, deb, { addresses: addressesOf(deb, places, epoch), silent, note, patience });
      if (reason === undefined) come += deb.bytes ?? 0;
      note(`${++done} of ${missing.length} packages, ${formatByteSize(come)} of ${formatByteSize(bytes)}`);
      return { deb, reason };
    });
    const failed = reasons.filter(({ reason }) => reason !== undefined);
    if (failed.length > 0) throw notHad(failed, missing.length, places);
  });
}

interface Search {
  readonly addresses: readonly string[];
  /** Why a server answers nobody, by its host: others needn't try. */
  readonly silent: Map<string, string>;
  readonly note: (text: string) => void;
  readonly patience: Partial<Patience> | undefined;
}

/** @returns why it can't be had; undefined when it is in the pool. */
async function seek(session: Session, deb: Deb, { addresses, silent, note, patience }: Search): Promise<string | undefined> {
  const reasons: string[] = [];
  for (const address of addresses) {
    const host = isAddress(address) ? new URL(address).host : undefined;
    const known = host === undefined ? undefined : silent.get(host);
    const reason = known ?? (await (host === undefined ? copyIn(deb, address) : download(session, deb, address, { note, patience })));
    if (reason === undefined) return undefined;
    if (typeof reason === 'string') reasons.push(reason);
    else {
      const why = `${host}: ${reason.trouble}`;
      silent.set(host ?? '', why);
      reasons.push(why);
    }
  }
  return [...new Set(reasons)].join('; ') || 'the lock is of an older Semeur, and does not say where it lies';
}

/** @returns why not: in one text for this package, in `trouble` for all of the server. */
async function download(
  session: Session,
  deb: Deb,
  url: string,
  { note, patience }: Pick<Search, 'note' | 'patience'>,
): Promise<string | { trouble: string } | undefined> {
  const file = poolPath(deb);
  try {
    const { bytes, sha256 } = deb;
    await downloadFile(session, url, file, {
      ...{ bytes, sha256 },
      note: (text) => note(`${parseDebName(deb.name).name}: ${text}`),
      patience: { tries: TRIES, ...patience },
    });
    await rm(`${file}.part.json`, { force: true });
    return undefined;
  } catch (error) {
    if (error instanceof BusyFile) {
      await sleep(500, undefined, { signal: session.signal });
      return (await isWhole(session, deb)) ? undefined : download(session, deb, url, { note, patience });
    }
    if (!(error instanceof Failure) || error instanceof FullDisk) throw error;
    // A status is an answer, if a bad one: the next package may have another.
    if (error.cause instanceof TryAgain && !/^\d/.test(error.cause.message)) return { trouble: error.cause.message };
    return error.message.replace(/^Cannot [^:]*(?:"[^"]*")?: /, `${showUrl(url)}: `);
  }
}

/** From a release's folder. */
async function copyIn(deb: Deb, path: string): Promise<string | undefined> {
  const file = poolPath(deb);
  const part = `${file}.copy-${process.pid}`;
  await mkdir(dirname(file), { recursive: true });
  try {
    await copyFile(path, part);
    if ((await hashFile(part)) !== deb.sha256) return `"${path}" is another file`;
    await rename(part, file);
    return undefined;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return `"${path}" is not there`;
  } finally {
    await rm(part, { force: true });
  }
}

/** What the pool has under the name of a hash counts only with that hash: a damaged one goes. */
async function isWhole({ signal }: Pick<Session, 'signal'>, deb: Deb): Promise<boolean> {
  const file = poolPath(deb);
  const sha256 = await hashFile(file, signal).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (sha256 !== undefined && sha256 !== deb.sha256) await rm(file, { force: true });
  return sha256 === deb.sha256;
}

function notHad(failed: readonly { deb: Deb; reason: string | undefined }[], wanted: number, { renew, sources }: Places): Failure {
  const named = failed.slice(0, NAMED).map(({ deb, reason }) => {
    const { name, version, architecture } = parseDebName(deb.name);
    return `  ${name} ${version} (${architecture}): ${reason}`;
  });
  const rest = failed.length > NAMED ? [`  and ${failed.length - NAMED} more`] : [];
  const of = failed.length === wanted ? countOf(wanted) : `${failed.length} of ${countOf(wanted)}`;
  const newest = renew === undefined ? '' : `Take the newest packages: ${renew}; or, to keep these, name`;
  const mirror = sources.length === 0 ? 'a mirror (mirror:), ' : '';
  return new Failure(`Cannot get ${of} by the lock:\n${[...named, ...rest].join('\n')}`, {
    hint: `${newest || 'Name'} in semeur.yaml ${mirror}a release made with --with-pool (pool:) or a snapshot archive (snapshot:)`,
  });
}

function countOf(count: number): string {
  return count === 1 ? '1 package' : `${count} packages`;
}
