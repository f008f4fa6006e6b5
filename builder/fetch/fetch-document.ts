import type { Response } from 'node-fetch';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { type Attempt, type Patience, tryUntilDone } from './patience.ts';
import { TryAgain } from './try-again.ts';
import { openUrl, refuseStatus, showUrl } from './web-request.ts';

export interface DocumentOptions {
  /** More bytes than this are refused. */
  readonly most: number;
  readonly note?: ((text: string) => void) | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

/** Something small, whole in memory; undefined when the server has none (some say "forbidden" of what isn't there). */
export async function fetchDocument(
  { signal }: Pick<Session, 'signal'>,
  url: string,
  { most, note, patience }: DocumentOptions,
): Promise<Buffer | undefined> {
  return tryUntilDone({ url: showUrl(url), signal, note, patience }, async (attempt) => {
    const response = await openUrl(url, {}, attempt.signal);
    if ([403, 404, 410].includes(response.status)) return undefined;
    if (response.status !== 200) throw refuseStatus(url, response);
    return readBody(url, response, attempt, most);
  });
}

/** Some bytes of a file, whole in memory; undefined when the server gives no parts of it. */
export async function fetchRange(
  { signal }: Pick<Session, 'signal'>,
  url: string,
  { first, bytes }: { readonly first: number; readonly bytes: number },
): Promise<Buffer | undefined> {
  return tryUntilDone({ url: showUrl(url), signal, note: undefined, patience: undefined }, async (attempt) => {
    const response = await openUrl(url, { Range: `bytes=${first}-${first + bytes - 1}` }, attempt.signal);
    if (response.status !== 206) return undefined;
    const part = await readBody(url, response, attempt, bytes);
    if (part.length < bytes) throw new TryAgain('the connection was cut');
    return part;
  });
}

async function readBody(url: string, response: Response, attempt: Attempt, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    attempt.awaitNetwork();
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > most) throw new Failure(`Cannot download "${showUrl(url)}": it is larger than ${most} bytes`, { hint: 'Look at the address' });
  }
  return Buffer.concat(chunks);
}
