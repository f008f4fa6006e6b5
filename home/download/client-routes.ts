import { stat } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type DownloadClient, type DownloadPlan, planFile } from '../../protocol/download.ts';
import { Refusal } from '../limits/refusal.ts';
import { type Capabilities, type DownloadLink, findLink, imageCapability } from '../store/download-links.ts';
import { type Desk, openVisit, sendPage } from './desk.ts';
import { MANIFEST_TYPE, renderImagerManifest } from './imager-manifest.ts';
import { isSettingUp, renderCalled, renderWaiting, renderWord } from './other-pages.ts';
import { readPlan } from './plan.ts';
import { sendComposed } from './send-composed.ts';
import { renderSteps } from './steps-page.ts';
import type { Visit } from './visit.ts';
import { visitorOf } from './visitor.ts';

type PageParams = { Params: { page: string } };
type FileParams = { Params: { page: string; file: string } };
/** A plan with all that is needed to serve it. */
type WholePlan = DownloadPlan & { readonly tail: string; readonly client: DownloadClient & { readonly seed: string } };

const AGAIN_SECONDS = 15;
const METHODS = ['GET', 'HEAD'];

/** A client's own page and files, behind the capabilities of their link. Once the card has called, the page alone is left, and tells of that. */
export function addClientRoutes(server: FastifyInstance, desk: Desk): void {
  for (const url of ['/d/:page', '/d/:page/'])
    server.route<PageParams>({ method: METHODS, url, handler: (request, reply) => showSteps(desk, request, reply, request.params.page) });
  server.route<PageParams>({
    method: METHODS,
    url: '/d/:page/called',
    async handler(request, reply) {
      const { page } = request.params;
      const link = findGoodLink(desk, request, 'page', page);
      const visit = openVisit(desk, request, link.language);
      if (link.order !== 'open') return showCalled(desk, reply, visit, link);
      const query = request.url.includes('?') ? `?language=${visit.language}` : '';
      return sendPage(reply.header('refresh', AGAIN_SECONDS), visit, visit.words.waiting, renderWaiting(visit, `/d/${page}${query}`));
    },
  });
  server.route<FileParams>({
    method: METHODS,
    url: '/d/:page/:file',
    async handler(request, reply) {
      const { page, file } = request.params;
      const link = findOpenLink(desk, request, 'page', page);
      const plan = await requirePlan(desk, link);
      if (file === 'semeur.seed') return sendFile(reply, 'application/octet-stream', file, Buffer.from(plan.client.seed, 'base64'));
      if (file !== `${link.client}.rpi-imager-manifest`) throw new Refusal('not-found');
      const { url, plans } = desk.options;
      const { mtimeMs: made } = await stat(planFile(plans, link));
      const image = `${url}${imagePath(page, plan)}`;
      const facts = { name: plan.client.name, image, icon: `${url}/icon.svg`, made };
      return sendFile(reply, MANIFEST_TYPE, file, Buffer.from(renderImagerManifest(openVisit(desk, request, link.language), plan, facts)));
    },
  });
  server.route<{ Params: { image: string; file: string } }>({
    method: METHODS,
    url: '/i/:image/:file',
    async handler(request, reply) {
      const link = findOpenLink(desk, request, 'image', request.params.image);
      const plan = await requirePlan(desk, link);
      if (request.params.file !== plan.file) throw new Refusal('not-found');
      const { options, slots, home } = desk;
      return sendComposed(request, reply, plan, { ...options, slots, log: home.log, visitor: visitorOf(request), cacheControl: 'private, no-store' });
    },
  });
}

async function showSteps(desk: Desk, request: FastifyRequest, reply: FastifyReply, page: string) {
  const link = findGoodLink(desk, request, 'page', page);
  const visit = openVisit(desk, request, link.language);
  if (link.order !== 'open') return showCalled(desk, reply, visit, link);
  const plan = await findPlan(desk, link);
  const { words, language } = visit;
  if (!plan) return sendPage(reply.header('refresh', 600), visit, words.preparing, renderWord(visit, words.preparing, words.preparingHow));
  const published = await readPlan(desk.options.plans, { profile: plan.profile }, desk.home.log);
  const { name } = plan.client;
  const query = language === link.language ? '' : `?language=${language}`;
  const links = {
    manifest: `/d/${page}/${link.client}.rpi-imager-manifest${query}`,
    image: imagePath(page, plan),
    seed: `/d/${page}/semeur.seed`,
    called: `/d/${page}/called${query}`,
    public: published && { image: `/public/${published.file}`, sums: '/public/SHA256SUMS' },
    expires: Math.min(link.expires, link.tokenExpires),
  };
  return sendPage(reply, visit, words.title(name), renderSteps(visit, plan, name, links));
}

async function showCalled(desk: Desk, reply: FastifyReply, visit: Visit, link: DownloadLink) {
  const plan = await readPlan(desk.options.plans, link, desk.home.log);
  const client = plan?.client?.tokenSha256 === link.tokenSha256 ? plan.client : undefined;
  if (isSettingUp(link)) reply.header('refresh', AGAIN_SECONDS);
  return sendPage(reply, visit, visit.words.calledTitle(client?.name ?? link.client), renderCalled(visit, link, client));
}

/** @throws {Refusal} with the same page whether there never was such a link, or it has ended: 'not-found', or 'expired'. */
function findGoodLink(desk: Desk, request: FastifyRequest, kind: keyof Capabilities, capability: string): DownloadLink {
  desk.checkGuesses(request);
  const link = findLink(desk.home.database, kind, capability);
  if (!link) return desk.refuseGuess(request);
  const now = Date.now();
  const isOver = link.order === 'reissued' || link.order === 'revoked' || link.expires <= now || (link.order === 'open' && link.tokenExpires <= now);
  if (isOver) throw new Refusal('expired');
  return link;
}

/** The same of what holds a secret: a card that has called ends it. */
function findOpenLink(desk: Desk, request: FastifyRequest, kind: keyof Capabilities, capability: string): DownloadLink {
  const link = findGoodLink(desk, request, kind, capability);
  if (link.order !== 'open') throw new Refusal('expired');
  return link;
}

/** Finds the plan of this very order: before the operators have sent it, there may be that of an earlier one. */
async function findPlan({ home, options }: Desk, link: DownloadLink): Promise<WholePlan | undefined> {
  const plan = await readPlan(options.plans, link, home.log);
  const isWhole = plan?.client?.tokenSha256 === link.tokenSha256 && plan.client.seed !== undefined && plan.tail !== undefined;
  return isWhole ? (plan as WholePlan) : undefined;
}

async function requirePlan(desk: Desk, link: DownloadLink): Promise<WholePlan> {
  const plan = await findPlan(desk, link);
  if (!plan) throw new Refusal('try-again');
  return plan;
}

function imagePath(page: string, { file }: DownloadPlan): string {
  return `/i/${imageCapability(page)}/${file}`;
}

function sendFile(reply: FastifyReply, type: string, name: string, content: Buffer) {
  return reply.type(type).header('content-disposition', `attachment; filename="${name}"`).header('content-length', content.length).send(content);
}
