import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Html } from '../../web/html.ts';
import { isLanguage, preferredLanguage } from '../../web/language.ts';
import type { Home } from '../answers/home.ts';
import type { Slots } from '../limits/slots.ts';
import { renderDocument } from './frame.ts';
import { type Contact, type Visit, WORDS } from './visit.ts';

/** What all routes of downloads work with. */
export interface Desk {
  readonly home: Pick<Home, 'database' | 'log'>;
  readonly options: DownloadOptions;
  readonly slots: Slots;
  /** @throws {Refusal} 'too-many' for who has guessed too often, right or wrong this time. */
  checkGuesses(request: FastifyRequest): void;
  /** @throws {Refusal} 'not-found', having noted that this address opens nothing. */
  refuseGuess(request: FastifyRequest): never;
}

export interface DownloadOptions {
  /** The folder of plans: CLIENT.json, and public/PROFILE.json. Home takes the secrets out of them once they are used. */
  readonly plans: string;
  /** DIGEST/prefix.xz */
  readonly prefixes: string;
  /** Where the internet reaches this listener, such as "https://images.example.org": manifests lie on other machines. */
  readonly url: string;
  readonly contact: Contact;
}

/** @param language of whom the link was made for. */
export function openVisit({ options }: Pick<Desk, 'options'>, request: FastifyRequest, language?: 'fr' | 'en'): Visit {
  const [path = '/', query] = request.url.split('?', 2);
  const wanted = new URLSearchParams(query).get('language');
  const chosen = isLanguage(wanted) ? wanted : (language ?? preferredLanguage(request.headers['accept-language']));
  const words = WORDS[chosen];
  return { language: chosen, words, contact: options.contact, other: `${path.replace(/^\/+/, '/')}?language=${words.other.code}` };
}

export function sendPage(reply: FastifyReply, visit: Visit, title: string, content: Html) {
  for (const name of ['etag', 'accept-ranges', 'content-disposition', 'content-length']) reply.removeHeader(name);
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(renderDocument(visit, title, content));
}
