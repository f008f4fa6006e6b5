import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { createAnswerServer } from '../answers/answer-server.ts';
import type { Home } from '../answers/home.ts';
import { admitOnly } from '../limits/server.ts';
import { listTargets, renderMetrics } from './scrape.ts';

/** For Prometheus, and whoever watches the fleet: in the tunnel, for this machine and the operators. To anybody else it says nothing at all. */
export function createMetricsListener(home: Home): FastifyInstance {
  const server = createAnswerServer(home);
  admitOnly(server, home.sources.isWatcher);
  const scrape = shareRunning(() => renderMetrics(home, Date.now()));
  server.get('/metrics', async (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(Readable.from(await scrape())));
  server.get('/targets', async () => listTargets(home));
  return server;
}

/** Whoever asks while a run is under way gets its result: many at once cost no more than one. */
function shareRunning<T>(task: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= task().finally(() => {
      running = undefined;
    });
    return running;
  };
}
