import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TryAgain } from './try-again.ts';
import { createAgents } from './web-request.ts';

/** Servers that took a connection of this run: one that fails from now on has a bad moment. */
const reached = new Set<string>();

/**
 * Opens a connection to the server of `url`, or to the proxy that the environment names for it, and sends nothing.
 * @param ms how long it may take, the look-up of the name with it.
 * @throws {TryAgain} that says why there is none; whatever the system says of a connection.
 */
export async function makeContact(url: string, ms: number, signal: AbortSignal): Promise<void> {
  const { http, https } = createAgents();
  const isTls = url.startsWith('https:');
  const call = (isTls ? httpsRequest : httpRequest)(url, { agent: isTls ? https : http, method: 'HEAD', signal });
  try {
    await new Promise<void>((done, failed) => {
      setTimeout(() => failed(new TryAgain('there is no network, or nobody answers')), ms).unref();
      call.once('error', failed);
      call.once('socket', (socket) => (socket.connecting ? socket.once('connect', done) : done()));
    });
  } finally {
    call.on('error', () => undefined).destroy();
  }
  reached.add(new URL(url).origin);
}

/** Also of what is no address: whoever asks for it is told that. */
export function wasReached(url: string): boolean {
  const parsed = URL.parse(url);
  return !parsed || !/^https?:$/.test(parsed.protocol) || reached.has(parsed.origin);
}
