import { isIPv6 } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLanguage, type Language, preferredLanguage } from '../../web/language.ts';
import { STATES } from '../store/fleet.ts';
import type { Search } from '../store/fleet-search.ts';

const YEAR = 31_536_000;

/** How the server is called by who reached it: no other name is ours, so no page of another name can be made to mean us. */
export function ownHost({ socket }: FastifyRequest): string {
  const { localAddress = '', localPort } = socket;
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`;
}

/** Browsers say where a form was, and pages can't keep them from it. */
export function isFromUs(request: FastifyRequest): boolean {
  return request.headers.origin === `http://${ownHost(request)}`;
}

export function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

/** Path and query, without the choice of a language, which links to this page add. */
export function pathOf(request: FastifyRequest): string {
  const query = queryOf(request);
  query.delete('language');
  const path = request.url.split('?', 1)[0]?.replace(/^\/+/, '/') ?? '/';
  return query.size === 0 ? path : `${path}?${query}`;
}

export function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

/** What was chosen by a link, else chosen before, else what the browser wants. */
export function languageOf(request: FastifyRequest): Language {
  const wanted = [queryOf(request).get('language'), cookieOf(request, 'language')].find(isLanguage);
  return wanted ?? preferredLanguage(request.headers['accept-language']);
}

export function keepLanguage(request: FastifyRequest, reply: FastifyReply): void {
  const language = queryOf(request).get('language');
  if (isLanguage(language)) reply.header('set-cookie', `language=${language}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${YEAR}`);
}

export function searchOf(request: FastifyRequest): Search {
  const query = queryOf(request);
  const page = Number(query.get('page') ?? 1);
  return {
    state: STATES.find((state) => state === query.get('state')),
    onlyAlarms: query.get('alarms') === '1',
    text: (query.get('text') ?? '').trim().slice(0, 64),
    page: Number.isInteger(page) && page > 0 && page < 1e6 ? page : 1,
  };
}

/** '' if there is none, or none that we gave: it is sent back. */
export function sessionCookieOf(request: FastifyRequest): string {
  return /^[\w-]{43}$/.exec(cookieOf(request, 'session') ?? '')?.[0] ?? '';
}

/** Without Secure, which browsers keep from http: here the VPN is what encrypts. */
export function setSessionCookie(reply: FastifyReply, value: string): void {
  reply.header('set-cookie', `session=${value}; Path=/; HttpOnly; SameSite=Strict`);
}

function cookieOf({ headers }: FastifyRequest, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(/;\s*/).map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
