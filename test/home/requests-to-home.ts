import { type Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Where it comes from: see loopbackOf(). */
  readonly from?: string;
  /** Over TLS, whatever the certificate: the pin is the cards' own affair. */
  readonly secure?: boolean;
  /** Kept connections; without one, each request has a connection of its own. */
  readonly agent?: Agent;
}

/** @param place "address:port". @param body sent as it is if it is bytes or text, else as JSON. */
export function send(
  place: string,
  path: string,
  body?: unknown,
  { method, headers = {}, from, secure = false, agent }: Sending = {},
): Promise<Answer> {
  const at = place.lastIndexOf(':');
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const options = {
    host: place.slice(0, at).replace(/^\[|\]$/g, ''),
    port: Number(place.slice(at + 1)),
    path,
    method: method ?? (raw === undefined ? 'GET' : 'POST'),
    headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(raw) }), ...headers },
    agent: agent ?? false,
    ...(from === undefined ? {} : { localAddress: from }),
  } as const;
  return new Promise((done, failed) => {
    const sent = secure ? secureRequest({ ...options, agent: false, rejectUnauthorized: false }) : request(options);
    sent.on('error', failed);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', failed);
      response.on('end', () => done({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    sent.end(raw);
  });
}

/** "name value" lines by name; the word of an error as "error". */
export function readLines({ text }: Answer): Record<string, string> {
  return Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  );
}
