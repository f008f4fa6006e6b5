import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import fetch, { FetchError, type Response } from 'node-fetch';
import { Failure } from '../../kit/failure.ts';
import { TryAgain } from './try-again.ts';

/** The official list's host refuses programs that don't say who they are. */
const USER_AGENT = 'semeur';

/** What a proxy or a server says for a while, not for good: RFC 9110, section 15; 425 is RFC 8470. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/**
 * Asks for a URL, through the proxy that the environment names (http_proxy, https_proxy, no_proxy: Node.js's own agents read them).
 * @returns the response, whatever its status but those that pass; its body is never decompressed.
 * @throws {TryAgain} for what may pass, {Failure} for what won't.
 */
export async function openUrl(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
  const { bare, authorization } = splitUserInfo(url);
  const sent = { 'User-Agent': USER_AGENT, Accept: '*/*', 'Accept-Encoding': 'identity', ...authorization, ...headers };
  const { http, https } = createAgents();
  const agent = ({ protocol }: URL) => (protocol === 'https:' ? https : http);
  const response = await fetch(bare, { headers: sent, agent, compress: false, signal }).catch((error: unknown) => {
    throw explainRefusal(url, error);
  });
  // node-fetch tells an abort to the body even when nobody reads it any more.
  response.body?.on('error', () => undefined);
  // Where a redirect leads to: fetch would follow it to "data:" too, where a page is in the address itself.
  const allowed = bare.startsWith('https:') ? /^https:/ : /^https?:/;
  if (!allowed.test(response.url)) throw leadsAway(url, bare.startsWith('https:') ? 'https' : 'http or https');
  if (PASSING.includes(response.status)) throw new TryAgain(describeStatus(response), readRetryAfter(response.headers.get('retry-after')));
  return response;
}

function leadsAway(url: string, wanted: string, cause?: unknown): Failure {
  return new Failure(`Cannot download "${showUrl(url)}": it leads to an address that is not ${wanted}`, {
    hint: 'Take another address for it',
    cause,
  });
}

/** Node.js's own, which read the proxy variables of the environment. */
export function createAgents() {
  try {
    return { http: new HttpAgent({ proxyEnv: process.env }), https: new HttpsAgent({ proxyEnv: process.env }) };
  } catch (cause) {
    throw new Failure('Cannot use the proxy that the environment names: http_proxy or https_proxy is no URL', {
      hint: 'Write it as "http://proxy.example:3128"',
      cause,
    });
  }
}

/** For messages: no user, no password, no query, which may hold a token. */
export function showUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : 'an address that is no URL';
}

/** A status that no second try would change. */
export function refuseStatus(url: string, response: Response): Failure {
  const hint = response.status === 407 ? 'Put the user and password of your proxy into https_proxy' : 'Look at the address, or try again later';
  return new Failure(`Cannot download "${showUrl(url)}": the server answered ${describeStatus(response)}`, { hint });
}

function describeStatus({ status, statusText }: Response): string {
  return statusText ? `${status} ${statusText}` : String(status);
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Fetch takes no user and password in a URL. */
function splitUserInfo(url: string): { bare: string; authorization: Record<string, string> } {
  const parsed = URL.parse(url);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new Failure(`Cannot download "${showUrl(url)}": it is no http or https address`, {
      hint: 'Look at the address in your workspace or in the list',
    });
  }
  const { username, password } = parsed;
  parsed.username = '';
  parsed.password = '';
  if (username === '' && password === '') return { bare: parsed.href, authorization: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { bare: parsed.href, authorization: { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** A certificate doesn't get better by waiting. Messages of the system are left out: one of a proxy may hold its password. */
function explainRefusal(url: string, error: unknown): unknown {
  // The address has another scheme: node-fetch has no class for that error.
  if (error instanceof TypeError) return leadsAway(url, 'http or https', error);
  if (error instanceof FetchError && error.type !== 'system') {
    return new Failure(`Cannot download "${showUrl(url)}": it leads from one address to the next without end`, {
      hint: 'Look at the address',
      cause: error,
    });
  }
  const code = error instanceof FetchError ? error.code : undefined;
  if (code === undefined || !/^(?:CERT_|DEPTH_|SELF_|UNABLE_|HOSTNAME_|ERR_TLS_|ERR_SSL_)/.test(code)) return error;
  return new Failure(`Cannot download "${showUrl(url)}": its certificate can't be trusted (${code})`, {
    hint: 'Look at the clock of this machine; a proxy that opens https needs its own certificate in NODE_EXTRA_CA_CERTS',
    cause: error,
  });
}
