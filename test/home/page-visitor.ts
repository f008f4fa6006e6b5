import type { OutgoingHttpHeaders } from 'node:http';
import { makeVpnKey } from '../../builder/workspace/secrets.ts';
import type { Database } from '../../home/store/database.ts';
import { addOperator } from '../../home/store/operators.ts';
import { addCards } from './many-cards.ts';
import { openHome } from './open-home.ts';
import { type Answer, send } from './requests-to-home.ts';

export const PASSWORD = 'trois petites graines';
/** What home keeps of it, but for the cost, which is read from here: a hundredth of the time. Whoever tests the cost itself takes `hashPassword`. */
const KEPT = '$argon2id$v=19$m=64,t=1,p=1$c2VsIHBvdXIgdW4gdGVzdA$EzZlqFgpSznMGkm0eTiionMNY/SPAXPMlmCyzgq8vcM';

/** The first one is at 127.0.0.1, the next at 127.0.0.2. */
export async function addPerson(database: Database, name = 'anne', password = KEPT): Promise<void> {
  const added = addOperator(database, { name, publicKey: makeVpnKey().publicKey, presharedKey: 'PSK', password }, Date.now());
  if (typeof added !== 'number') throw new Error(`not added: ${added}`);
}

export interface Visitor {
  readonly place: string;
  readonly cookies: Map<string, string>;
  get(path: string, headers?: OutgoingHttpHeaders): Promise<Answer>;
  /** With the token of the form that was seen last, and from its origin, unless it is said otherwise. */
  post(path: string, fields: Record<string, string>, headers?: OutgoingHttpHeaders): Promise<Answer>;
  logIn(name?: string, password?: string): Promise<Answer>;
}

/** What a browser does, as far as these tests need one: it keeps cookies, and sends forms. */
export function visitPage(port: number, from = '127.0.0.1'): Visitor {
  const place = `127.0.0.1:${port}`;
  const cookies = new Map<string, string>();
  let token = '';
  const ask = async (path: string, body: string | undefined, headers: OutgoingHttpHeaders) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(place, path, body, { from, headers: { host: place, ...(cookie && { cookie }), ...headers } });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    token = /name="token" value="([^"]*)"/.exec(answer.text)?.[1] ?? token;
    return answer;
  };
  const post: Visitor['post'] = (path, fields, headers = {}) =>
    ask(path, new URLSearchParams({ token, ...fields }).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      origin: `http://${place}`,
      ...headers,
    });
  return {
    place,
    cookies,
    get: (path, headers = {}) => ask(path, undefined, headers),
    post,
    async logIn(name = 'anne', password = PASSWORD) {
      await ask('/log-in', undefined, {});
      return post('/log-in', { name, password });
    },
  };
}

/** A home with so many cards, and somebody who is logged in. */
export async function openFleet(count: number) {
  const home = await openHome();
  await addPerson(home.database);
  addCards(home.database, count);
  const visitor = visitPage(home.ports.page);
  await visitor.logIn();
  return { home, visitor, session: visitor.cookies.get('session') ?? '' };
}
