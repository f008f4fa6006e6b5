import type { FastifyInstance, FastifyReply } from 'fastify';
import { ICON } from '../../web/pictures.ts';
import { createRateLimit, type RateLimitOptions } from '../limits/rate-limit.ts';
import { asRefusal, Refusal } from '../limits/refusal.ts';
import { createServer } from '../limits/server.ts';
import { createSlots } from '../limits/slots.ts';
import { addClientRoutes } from './client-routes.ts';
import { type Desk, type DownloadOptions, openVisit, sendPage } from './desk.ts';
import { POLICY } from './frame.ts';
import { renderWord } from './other-pages.ts';
import { addPublicRoutes } from './public-routes.ts';
import { visitorOf } from './visitor.ts';

export interface DownloadLimits {
  /** Whatever is asked for. A download that is cut asks again each time. */
  readonly visits: RateLimitOptions;
  /** Addresses that open nothing. */
  readonly guesses: RateLimitOptions;
  readonly slots: { readonly each: number; readonly together: number };
}

const LIMITS: DownloadLimits = {
  visits: { burst: 120, perSecond: 4, most: 50_000 },
  guesses: { burst: 10, perSecond: 1 / 60, most: 50_000 },
  slots: { each: 16, together: 200 },
};
/** A connection on which nothing moves for so long, in milliseconds, is ended: the download goes on when the client asks again. */
const IDLE = 120_000;

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
};

/** For clients' browsers, flashers and mirrors: plain HTTP, for the proxy before it that ends TLS. GET and HEAD alone; no cookie, no script. */
export function createDownloadListener(home: Desk['home'], options: DownloadOptions, limits: DownloadLimits = LIMITS): FastifyInstance {
  const server = createServer();
  server.server.setTimeout(IDLE);
  const [visits, guesses] = [createRateLimit(limits.visits), createRateLimit(limits.guesses)];
  const desk: Desk = {
    home,
    options,
    slots: createSlots(limits.slots),
    checkGuesses(request) {
      if (!guesses.isOpen(visitorOf(request), Date.now())) throw new Refusal('too-many');
    },
    refuseGuess(request) {
      guesses.allows(visitorOf(request), Date.now());
      throw new Refusal('not-found');
    },
  };
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (!visits.allows(visitorOf(request), Date.now())) throw new Refusal('too-many');
  });
  endDownloads(server);
  addErrors(server, desk);
  addClientRoutes(server, desk);
  addPublicRoutes(server, desk);
  server.get('/icon.svg', async (_, reply) => reply.type('image/svg+xml').header('cache-control', 'public, max-age=86400').send(ICON));
  return server;
}

/** Home ends at once: what is under way goes on when it is back. */
function endDownloads(server: FastifyInstance): void {
  const under = new Set<FastifyReply['raw']>();
  server.addHook('onRequest', async (_, { raw }) => {
    under.add(raw);
    raw.once('close', () => under.delete(raw));
  });
  server.addHook('preClose', async () => {
    for (const raw of under) raw.destroy();
  });
}

function addErrors(server: FastifyInstance, desk: Desk): void {
  server.setNotFoundHandler(async () => {
    throw new Refusal('not-found');
  });
  server.setErrorHandler((error, request, reply) => {
    const { status, word, cause, retryAfter } = asRefusal(error);
    if (status >= 500) desk.home.log.error({ word, err: cause ?? error }, 'download failed');
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    const visit = openVisit(desk, request);
    const { words } = visit;
    const [title, how] =
      { 429: [words.busy, words.busyHow], 503: [words.preparing, words.preparingHow], 500: [words.mistake, words.mistakeHow] }[status] ??
      ([words.nothing, words.nothingHow] as const);
    return sendPage(reply.code(status), visit, title as string, renderWord(visit, title as string, how as string));
  });
}
