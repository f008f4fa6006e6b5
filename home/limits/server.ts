import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { MOST_BYTES } from './body.ts';
import type { RateLimit } from './rate-limit.ts';
import { Refusal } from './refusal.ts';

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** What all of home's listeners have in common: limits, and no answer that somebody keeps unless it says so. It takes no body yet. */
export function createServer(tls?: Tls): FastifyInstance {
  const options = {
    bodyLimit: MOST_BYTES,
    logger: false,
    requestTimeout: 20_000,
    keepAliveTimeout: 15_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 8192 },
    routerOptions: { maxParamLength: 64 },
    // Only idle connections are closed; requests under way are answered.
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  } as const;
  const server = tls ? (Fastify({ ...options, https: { ...tls, minVersion: 'TLSv1.2' } }) as unknown as FastifyInstance) : Fastify(options);
  server.server.maxConnections = tls ? 2000 : 20_000;
  server.removeAllContentTypeParsers();
  server.addHook('onSend', async (_, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  return server;
}

/** Ends every other connection without a word. */
export function admitOnly(server: FastifyInstance, isAdmitted: (remote: string) => boolean): void {
  server.server.on('connection', (socket: Socket) => {
    if (!isAdmitted(socket.remoteAddress ?? '')) socket.destroy();
  });
}

export function limit(server: FastifyInstance, limits: readonly RateLimit[]): void {
  server.addHook('onRequest', async (request) => {
    const now = Date.now();
    if (!limits.every((one) => one.allows(remoteOf(request), now))) throw new Refusal('too-many');
  });
}

export function remoteOf(request: FastifyRequest): string {
  return request.socket.remoteAddress ?? '';
}
