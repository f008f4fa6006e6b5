import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { checkBody, MOST_BYTES, parseBody } from './body.ts';
import { answerClaim } from './claim.ts';
import { countRefusal } from './counts.ts';
import type { Home } from './home.ts';
import { createRateLimit, type RateLimit, type RateLimitOptions } from './rate-limit.ts';
import { asRefusal, Refusal } from './refusal.ts';
import { createReportAnswers } from './report.ts';
import { REQUESTS } from './requests.ts';
import { answerConfirm, answerHeartbeat, answerTime, createRenewals } from './tunnel-answers.ts';

export interface Listeners {
  /** For the keys of seeds, in the tunnel: they can claim, and nothing else. */
  readonly nursery: FastifyInstance;
  /** For cards, in the tunnel. */
  readonly tunnel: FastifyInstance;
  /** On the internet, over TLS. */
  readonly open: FastifyInstance;
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

export interface Limits {
  /** There, one address is one card, and a card needs one request in five minutes. */
  readonly tunnel: RateLimitOptions;
  readonly internet: RateLimitOptions;
  /** The whole internet: what one home can sign and check, with room for the tunnel's. */
  readonly together: RateLimitOptions;
}

const LIMITS: Limits = {
  tunnel: { burst: 20, perSecond: 2, most: 50_000 },
  internet: { burst: 30, perSecond: 0.5, most: 50_000 },
  together: { burst: 200, perSecond: 50, most: 1 },
};

/** Three servers, each with its own routes and nothing of the others'. */
export function createListeners(home: Home, tls: Tls, limits: Limits = LIMITS): Listeners {
  const perAddress = (remote: string) => remote;
  const [nursery, tunnel] = [createServer(home), createServer(home)];
  const open = createServer(home, tls);
  limit(nursery, [createRateLimit(limits.tunnel, perAddress)]);
  limit(tunnel, [createRateLimit(limits.tunnel, perAddress)]);
  limit(open, [createRateLimit(limits.internet), createRateLimit(limits.together, () => '')]);
  addClaim(nursery, home, 'nursery');
  addTunnelRoutes(tunnel, home);
  addClaim(open, home, 'public');
  addReport(open, home);
  open.get('/health', async () => {
    home.database.sql('SELECT 1').get();
    return 'pass\n';
  });
  return { nursery, tunnel, open };
}

export function createServer({ log, counts }: Pick<Home, 'log' | 'counts'>, tls?: Tls): FastifyInstance {
  const options = {
    bodyLimit: MOST_BYTES,
    logger: false,
    requestTimeout: 20_000,
    keepAliveTimeout: 15_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 8192 },
    routerOptions: { maxParamLength: 64 },
    // Of what is idle; requests under way are answered.
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  } as const;
  const server = tls ? (Fastify({ ...options, https: { ...tls, minVersion: 'TLSv1.2' } }) as unknown as FastifyInstance) : Fastify(options);
  server.server.maxConnections = tls ? 2000 : 20_000;
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  server.setNotFoundHandler(async () => {
    throw new Refusal('not-found');
  });
  server.setErrorHandler((error, _, reply) => {
    const refusal = asRefusal(error);
    countRefusal(counts, refusal.word);
    if (refusal.status >= 500) log.error({ word: refusal.word, err: refusal.cause ?? error }, 'request failed');
    if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
    return reply.code(refusal.status).type('text/plain; charset=utf-8').send(`error ${refusal.word} ${refusal.message}\n`);
  });
  server.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });
  return server;
}

function limit(server: FastifyInstance, limits: readonly RateLimit[]): void {
  server.addHook('onRequest', async (request) => {
    const now = Date.now();
    if (!limits.every((one) => one.allows(remoteOf(request), now))) throw new Refusal('too-many');
  });
}

function addClaim(server: FastifyInstance, home: Home, way: 'nursery' | 'public'): void {
  server.post('/v1/claim', async (request) => {
    const isAddress = (nurseryAddress: string) => home.sources.isNursery(remoteOf(request), nurseryAddress);
    const source = way === 'nursery' ? { way, isAddress } : { way };
    return answerClaim(home, checkBody(REQUESTS.claim, parseBody(bodyOf(request))), source, Date.now());
  });
}

function addTunnelRoutes(server: FastifyInstance, home: Home): void {
  const renewals = createRenewals(home);
  server.post('/v1/confirm', async (request) => {
    checkBody(REQUESTS.confirm, parseBody(bodyOf(request)));
    return answerConfirm(home, remoteOf(request), Date.now());
  });
  server.post('/v1/heartbeat', async (request) => {
    const beat = checkBody(REQUESTS.heartbeat, parseBody(bodyOf(request)));
    return answerHeartbeat(home, remoteOf(request), beat, renewals, Date.now());
  });
  server.get('/v1/time', async () => answerTime(Date.now()));
}

function addReport(server: FastifyInstance, home: Home): void {
  const answerReport = createReportAnswers(home);
  server.post('/v1/report', async (request) => {
    const raw = bodyOf(request);
    return answerReport(checkBody(REQUESTS.report, parseBody(raw)), raw, request.headers['x-semeur-signature'], Date.now());
  });
}

/** Without a body there is no content type either, and no parser ran. */
function bodyOf(request: FastifyRequest): Buffer {
  if (Buffer.isBuffer(request.body)) return request.body;
  throw new Refusal(request.headers['content-type'] === undefined ? 'not-json' : 'bad-request');
}

function remoteOf(request: FastifyRequest): string {
  return request.socket.remoteAddress ?? '';
}
