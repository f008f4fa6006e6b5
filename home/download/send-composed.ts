import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DownloadPlan } from '../../protocol/download.ts';
import type { Log } from '../answers/home.ts';
import { Refusal } from '../limits/refusal.ts';
import type { Slots } from '../limits/slots.ts';
import { type ByteRange, chooseRange } from './byte-range.ts';
import { type ComposedFile, openComposed, PrefixUnavailable } from './composed-file.ts';

export interface SendOptions {
  readonly prefixes: string;
  readonly slots: Slots;
  /** Whose download it is, for the slots. */
  readonly visitor: string;
  readonly cacheControl: string;
  readonly log: Log;
}

/**
 * Answers GET and HEAD for the image of a plan: whole, a range, or that it is still the same. No copy of it is made anywhere.
 * @throws {Refusal} 'too-many', or 'try-again' while its prefix isn't there.
 */
export async function sendComposed(request: FastifyRequest, reply: FastifyReply, plan: DownloadPlan, options: SendOptions) {
  const { bytes, sha256, file, type } = plan;
  const etag = `"${sha256}"`;
  reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': options.cacheControl });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.headers({ 'content-type': type, 'content-disposition': `attachment; filename="${file}"` });
  if (request.method === 'HEAD') return reply.header('content-length', bytes).send();
  const range = chooseRange(request.headers, etag, bytes);
  if (range === 'unsatisfiable') return reply.code(416).removeHeader('content-disposition').header('content-range', `bytes */${bytes}`).send();
  const { first, last } = range === 'whole' ? { first: 0, last: bytes - 1 } : range;
  const release = options.slots.take(options.visitor);
  if (!release) throw new Refusal('too-many');
  try {
    const composed = await openOrRefuse(plan, options.prefixes);
    reply.header('content-length', last - first + 1);
    if (range !== 'whole') reply.code(206).header('content-range', `bytes ${first}-${last}/${bytes}`);
    await sendRange(reply, composed, { first, last }, options.log);
  } finally {
    release();
  }
  return reply;
}

async function openOrRefuse(plan: DownloadPlan, prefixes: string): Promise<ComposedFile> {
  try {
    return await openComposed(plan, prefixes);
  } catch (error) {
    throw error instanceof PrefixUnavailable ? new Refusal('try-again', error) : error;
  }
}

/** Past Fastify, which knows no other way but a stream. A connection that ends too soon is all that the reader can be told by now. */
async function sendRange(reply: FastifyReply, composed: ComposedFile, range: ByteRange, log: Log): Promise<void> {
  const { raw } = reply.hijack();
  try {
    raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
    await composed.writeRange(range, raw);
    raw.end();
  } catch (error) {
    if (error instanceof PrefixUnavailable) log.error({ err: error }, 'download failed');
    raw.destroy();
  } finally {
    await composed.close();
  }
}

/** RFC 9110, section 13.1.2. */
function isKnown(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}
