import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Operator } from '../store/operators.ts';

export interface Sessions {
  /** @returns the cookie of a new one. */
  start(operator: Operator, now: number): string;
  /** @param cookie '' or any other text too. */
  find(cookie: string, now: number): Session | undefined;
  end(cookie: string): void;
  /** The token of the forms on pages that go with this cookie, before the log-in too. */
  formToken(cookie: string): string;
  isFormToken(token: string, cookie: string): boolean;
}

export interface Session {
  readonly operator: string;
  /** What was kept of the password then: another one, or an operator that was removed and came back, ends the session. */
  readonly password: string;
  readonly expires: number;
}

const HOURS = 8;
const MOST = 1000;

/** Any cookie's value that isn't a session yet: forms need one to be tied to. */
export function newCookie(): string {
  return randomBytes(32).toString('base64url');
}

/** In memory: whoever has the database has no session, and a restart ends them all. */
export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  const secret = randomBytes(32);
  // By its hash: how long a look-up takes tells nothing of a cookie.
  const keyOf = (cookie: string) => createHash('sha256').update(cookie).digest('base64');
  const formToken = (cookie: string) => createHmac('sha256', secret).update(cookie).digest('base64url');
  return {
    start({ name, password }, now) {
      const cookie = newCookie();
      sessions.set(keyOf(cookie), { operator: name, password, expires: now + HOURS * 3_600_000 });
      if (sessions.size > MOST) sessions.delete(sessions.keys().next().value ?? '');
      return cookie;
    },
    find(cookie, now) {
      const session = sessions.get(keyOf(cookie));
      if (session && session.expires > now) return session;
      sessions.delete(keyOf(cookie));
      return undefined;
    },
    end: (cookie) => void sessions.delete(keyOf(cookie)),
    formToken,
    isFormToken(token, cookie) {
      const [given, wanted] = [Buffer.from(token), Buffer.from(formToken(cookie))];
      return cookie !== '' && given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}
