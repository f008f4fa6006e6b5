import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Html, html } from '../../web/html.ts';
import type { Language } from '../../web/language.ts';
import type { Home } from '../answers/home.ts';
import type { RateLimitOptions } from '../limits/rate-limit.ts';
import { asRefusal, Refusal } from '../limits/refusal.ts';
import { remoteOf } from '../limits/server.ts';
import { listAlarms, listStrayAlarms, markAlarmsSeen } from '../store/alarms.ts';
import { showCard } from '../store/fleet.ts';
import { searchFleet } from '../store/fleet-search.ts';
import { findOperator } from '../store/operators.ts';
import { renderStrayAlarms } from './alarms.ts';
import { formOf, isFromUs, keepLanguage, languageOf, pathOf, searchOf, sessionCookieOf, setSessionCookie } from './browser-request.ts';
import { renderCard } from './card.ts';
import { renderPage, type Visit } from './frame.ts';
import { renderLabels, renderList } from './list.ts';
import { createLogIn, type LogIn } from './log-in.ts';
import { renderLogIn } from './log-in-form.ts';
import { createPageServer } from './page-server.ts';
import { createSessions, newCookie, type Sessions } from './sessions.ts';
import { WORDS } from './words.ts';

interface Desk {
  readonly home: Home;
  readonly sessions: Sessions;
  readonly logIn: LogIn;
  readonly styles: Readonly<Record<Language, Style>>;
}

interface Style {
  readonly path: string;
  readonly text: string;
}

/** How the fleet is, for operators: HTML alone, no JavaScript. It reads, and changes nothing but sessions and which alarms were seen. */
export function createFleetPage(home: Home, requests: RateLimitOptions): FastifyInstance {
  const server = createPageServer(home.sources, requests);
  const desk: Desk = { home, sessions: createSessions(), logIn: createLogIn(home), styles: { en: styleOf('en'), fr: styleOf('fr') } };
  addErrors(server, desk);
  addStyles(server, desk);
  addSessions(server, desk);
  server.get('/', async (request, reply) => {
    const search = searchOf(request);
    return show(desk, request, reply, (visit) => {
      const strays = renderStrayAlarms(visit, listStrayAlarms(home.database));
      return [visit.words.fleet, renderList(visit, search, searchFleet(home.database, search, visit.now), strays)];
    });
  });
  server.get<{ Params: { client: string } }>('/clients/:client', async (request, reply) =>
    show(desk, request, reply, (visit) => {
      const card = showCard(home.database, request.params.client, visit.now);
      if (!card) throw new Refusal('not-found');
      return [card.client, renderCard(visit, card)];
    }),
  );
  addAlarms(server, desk);
  return server;
}

/** What an operator has looked into no longer puts a card first. */
function addAlarms(server: FastifyInstance, desk: Desk): void {
  const { home } = desk;
  server.post<{ Params: { client: string } }>('/clients/:client/alarms-seen', async (request, reply) => {
    const [operator, { client }] = [findVisitor(desk, request), request.params];
    if (operator === undefined) return reply.redirect('/log-in', 303);
    if (!isOurForm(desk, request)) throw new Refusal('bad-request');
    const until = Number(formOf(request).get('until'));
    const hasPage = showCard(home.database, client, Date.now()) !== undefined;
    if (!Number.isSafeInteger(until) || !(hasPage || listAlarms(home.database, client).length > 0)) throw new Refusal('not-found');
    home.database.durably(() => markAlarmsSeen(home.database, { client, until, by: operator }, Date.now()));
    return reply.redirect(hasPage ? `/clients/${client}` : '/', 303);
  });
}

/** To those who are logged in; the others are sent to the log-in. */
function show(desk: Desk, request: FastifyRequest, reply: FastifyReply, render: (visit: Visit) => [title: string, content: Html]) {
  const operator = findVisitor(desk, request);
  if (operator === undefined) return reply.redirect('/log-in', 303);
  keepLanguage(request, reply);
  const visit = openVisit(desk, request, operator);
  return send(reply, visit, ...render(visit));
}

function addSessions(server: FastifyInstance, desk: Desk): void {
  const { home, sessions, logIn } = desk;
  server.get('/log-in', async (request, reply) => {
    if (findVisitor(desk, request) !== undefined) return reply.redirect('/', 303);
    keepLanguage(request, reply);
    return askLogIn(desk, request, reply);
  });
  server.post('/log-in', async (request, reply) => {
    if (!isOurForm(desk, request)) return askLogIn(desk, request, reply.code(403), 'oldForm');
    const [form, remote, now] = [formOf(request), remoteOf(request), Date.now()];
    const found = await logIn(remote, form.get('name') ?? '', form.get('password') ?? '', now);
    if (found === 'too-many') return askLogIn(desk, request, reply.code(429).header('retry-after', 60), 'tooMany');
    if (found === 'wrong') return askLogIn(desk, request, reply.code(403), 'wrong');
    home.log.info({ operator: found.name, address: remote }, 'logged in');
    setSessionCookie(reply, sessions.start(found, now));
    return reply.redirect('/', 303);
  });
  server.post('/log-out', async (request, reply) => {
    if (isOurForm(desk, request)) sessions.end(sessionCookieOf(request));
    return reply.redirect('/log-in', 303);
  });
}

/** Two proofs that it was on a page of ours: the browser's word, and what only that page had. */
function isOurForm({ sessions }: Desk, request: FastifyRequest): boolean {
  return isFromUs(request) && sessions.isFormToken(formOf(request).get('token') ?? '', sessionCookieOf(request));
}

/** The form's token needs a cookie, though nobody is logged in. */
function askLogIn(desk: Desk, request: FastifyRequest, reply: FastifyReply, said?: 'oldForm' | 'tooMany' | 'wrong') {
  const cookie = sessionCookieOf(request) || newCookie();
  setSessionCookie(reply, cookie);
  const visit = { ...openVisit(desk, request, undefined, cookie), path: '/log-in' };
  return send(reply, visit, visit.words.logIn, renderLogIn(visit, said && visit.words[said]));
}

/** @returns who is logged in: on this device, and not removed since. */
function findVisitor({ home, sessions }: Desk, request: FastifyRequest): string | undefined {
  const session = sessions.find(sessionCookieOf(request), Date.now());
  const operator = session && findOperator(home.database, session.operator);
  if (!operator || operator.password !== session.password) return undefined;
  return home.sources.operatorAddress(remoteOf(request)) === home.network.operator(operator.number) ? operator.name : undefined;
}

function openVisit({ sessions, styles }: Desk, request: FastifyRequest, operator?: string, cookie = sessionCookieOf(request)): Visit {
  const language = languageOf(request);
  return {
    ...{ language, words: WORDS[language], operator, path: pathOf(request), now: Date.now() },
    ...{ formToken: sessions.formToken(cookie), style: styles[language].path },
  };
}

function send(reply: FastifyReply, visit: Visit, title: string, content: Html) {
  return reply
    .type('text/html; charset=utf-8')
    .header('vary', 'Accept-Language, Cookie')
    .send(renderPage(visit, title, content));
}

function addErrors(server: FastifyInstance, desk: Desk): void {
  server.setNotFoundHandler(async () => {
    throw new Refusal('not-found');
  });
  server.setErrorHandler((error, request, reply) => {
    const { status, word, cause, retryAfter } = asRefusal(error);
    if (status >= 500) desk.home.log.error({ word, err: cause ?? error }, 'page failed');
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    const visit = openVisit(desk, request);
    const { words } = visit;
    const sentence = { 404: words.notFound, 429: words.busy }[status] ?? (status < 500 ? words.oldForm : words.mistake);
    return send(reply.code(status), visit, words.fleet, html`<h1>${sentence}</h1>`);
  });
}

function addStyles(server: FastifyInstance, { styles }: Desk): void {
  for (const { path, text } of Object.values(styles)) {
    server.get(path, async (_, reply) => reply.type('text/css; charset=utf-8').header('cache-control', 'max-age=86400').send(text));
  }
}

/** The hash in its name lets browsers keep it, and take another one when it changes. */
function styleOf(language: Language): Style {
  const text = `${readFileSync(join(import.meta.dirname, 'style.css'), 'utf8')}${renderLabels(WORDS[language])}\n`;
  return { path: `/${language}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.css`, text };
}
