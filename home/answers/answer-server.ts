import type { FastifyInstance } from 'fastify';
import { asRefusal, Refusal } from '../limits/refusal.ts';
import { createServer, type Tls } from '../limits/server.ts';
import { countRefusal } from './counts.ts';
import type { Home } from './home.ts';

/** For programs: JSON in, lines out. */
export function createAnswerServer({ log, counts }: Pick<Home, 'log' | 'counts'>, tls?: Tls): FastifyInstance {
  const server = createServer(tls);
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
  return server;
}
