import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { remoteOf } from '../limits/server.ts';

/**
 * Who asks. What comes from this very machine comes through the proxy that ends TLS, which adds whom it heard at the end of X-Forwarded-For: what
 * stands before that, anybody may have written.
 */
export function visitorOf(request: FastifyRequest): string {
  const remote = remoteOf(request);
  if (!/^(::ffff:)?127\.|^::1$/.test(remote)) return remote;
  const told = [request.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',').at(-1)?.trim() ?? '';
  return isIP(told) === 0 ? remote : told;
}
