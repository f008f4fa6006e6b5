import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { type Patience, tryUntilDone } from './patience.ts';
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
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      attempt.awaitNetwork();
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes > most) throw new Failure(`Cannot download "${showUrl(url)}": it is larger than ${most} bytes`, { hint: 'Look at the address' });
    }
    return Buffer.concat(chunks);
  });
}
