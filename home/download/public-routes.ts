import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { DownloadPlan } from '../../protocol/download.ts';
import { Refusal } from '../limits/refusal.ts';
import type { Desk } from './desk.ts';
import { readPlan } from './plan.ts';
import { sendComposed } from './send-composed.ts';
import { visitorOf } from './visitor.ts';

const METHODS = ['GET', 'HEAD'];
/** A day, after which a cache asks whether the ETag is still the same. */
const KEPT = 'public, max-age=86400';

/** Profiles' own images, which hold no secret: for anybody, caches and mirrors. */
export function addPublicRoutes(server: FastifyInstance, desk: Desk): void {
  server.route({
    method: METHODS,
    url: '/public/SHA256SUMS',
    async handler(_, reply) {
      const lines = (await listPublic(desk)).map(({ sha256, file }) => `${sha256}  ${file}\n`);
      return reply.type('text/plain; charset=utf-8').header('cache-control', 'public, no-cache').send(lines.join(''));
    },
  });
  server.route<{ Params: { file: string } }>({
    method: METHODS,
    url: '/public/:file',
    async handler(request, reply) {
      const { file } = request.params;
      const plan = await readPlan(desk.options.plans, { profile: file.split('.', 1)[0] ?? '' }, desk.home.log);
      if (plan?.file !== file || plan.tail === undefined) throw new Refusal('not-found');
      reply.removeHeader('x-robots-tag');
      const { options, slots, home } = desk;
      return sendComposed(request, reply, plan, { ...options, slots, log: home.log, visitor: visitorOf(request), cacheControl: KEPT });
    },
  });
}

async function listPublic({ options, home }: Desk): Promise<DownloadPlan[]> {
  const names = await readdir(join(options.plans, 'public')).catch(() => []);
  const profiles = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  const plans = await Promise.all(profiles.sort().map((profile) => readPlan(options.plans, { profile }, home.log)));
  return plans.filter((plan) => plan !== undefined);
}
