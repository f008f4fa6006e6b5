import type { FastifyInstance, FastifyRequest } from 'fastify';
import { REQUESTS } from '../../protocol/requests.ts';
import { createAnswerServer } from '../answers/answer-server.ts';
import { answerClaim } from '../answers/claim.ts';
import type { Home } from '../answers/home.ts';
import { createReportAnswers } from '../answers/report.ts';
import { answerConfirm, answerHeartbeat, answerTime, createRenewals } from '../answers/tunnel-answers.ts';
import { checkBody, parseBody } from '../limits/body.ts';
import { createRateLimit, type RateLimitOptions } from '../limits/rate-limit.ts';
import { Refusal } from '../limits/refusal.ts';
import { limit, remoteOf, type Tls } from '../limits/server.ts';
import { createFleetPage } from '../page/fleet-page.ts';

export interface Listeners {
  /** For the keys of seeds, in the tunnel: they can claim, and nothing else. */
  readonly nursery: FastifyInstance;
  /** For cards, in the tunnel. */
  readonly tunnel: FastifyInstance;
  /** On the internet, over TLS. */
  readonly open: FastifyInstance;
  /** For operators' browsers, in the tunnel. */
  readonly page: FastifyInstance;
}

export interface Limits {
  /** There, one address is one card, and a card needs one request in five minutes. */
  readonly tunnel: RateLimitOptions;
  readonly internet: RateLimitOptions;
  /** The whole internet: what one home can sign and check, with room for the tunnel's. */
  readonly together: RateLimitOptions;
  /** A page takes some hundredths of a second, in which no heartbeat is heard. */
  readonly page: RateLimitOptions;
}

const LIMITS: Limits = {
  tunnel: { burst: 20, perSecond: 2, most: 50_000 },
  internet: { burst: 30, perSecond: 0.5, most: 50_000 },
  together: { burst: 200, perSecond: 50, most: 1 },
  page: { burst: 40, perSecond: 4, most: 1000 },
};

/** Four servers, each with its own routes and nothing of the others'. */
export function createListeners(home: Home, tls: Tls, limits: Limits = LIMITS): Listeners {
  const perAddress = (remote: string) => remote;
  const [nursery, tunnel] = [createAnswerServer(home), createAnswerServer(home)];
  const open = createAnswerServer(home, tls);
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
  return { nursery, tunnel, open, page: createFleetPage(home, limits.page) };
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
