import type { FastifyInstance } from 'fastify';
import type { Sources } from '../answers/home.ts';
import { createRateLimit, type RateLimitOptions } from '../limits/rate-limit.ts';
import { Refusal } from '../limits/refusal.ts';
import { admitOnly, createServer, limit } from '../limits/server.ts';
import { ownHost } from './browser-request.ts';

const HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // With "no-referrer", forms would come from the origin "null".
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

/** A server for browsers, and for those of operators alone: nobody else gets so much as an error. */
export function createPageServer(sources: Sources, requests: RateLimitOptions): FastifyInstance {
  const server = createServer();
  admitOnly(server, (remote) => sources.operatorAddress(remote) !== undefined);
  limit(server, [createRateLimit(requests, (remote) => remote)]);
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (request.headers.host !== ownHost(request)) throw new Refusal('not-found');
  });
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
  return server;
}
