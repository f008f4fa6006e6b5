import { once } from 'node:events';
import { connect, type Server, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { createSitesListener, SITE_LIMITS, type SiteLimits } from '../../home/sites/listener.ts';
import { closeHomes, enrol, issue, type OpenHome, openHome, TLS } from './open-home.ts';

export const DOMAIN = 'www.durand.example';

export interface OpenSites {
  readonly home: OpenHome;
  readonly issued: ReturnType<typeof issue>;
  readonly host: string;
  readonly port: number;
  /** Addresses of cards that were called. */
  readonly called: string[];
  /** What became of the visits, by how many. */
  ends(): Record<string, number>;
  /** A bare connection. */
  dial(from?: string): Promise<Socket>;
  /** The card goes away: nothing listens where it was. */
  stopCard(): Promise<void>;
}

interface Options {
  readonly limits?: Partial<SiteLimits>;
  /** What stands in for the card's web server. */
  readonly serve?: (socket: TLSSocket) => void;
}

/** In place of a page: the name that was asked for, and the protocol. */
const SAY_NAME = (socket: TLSSocket) => {
  socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${String(socket.servername)} ${socket.alpnProtocol || 'no protocol'}\n`));
};

/** A home whose client durand has a confirmed card with a site: the card is a TLS server of Node.js with a key of its own, on loopback. */
export async function withSites(task: (sites: OpenSites) => Promise<void>, { limits = {}, serve = SAY_NAME }: Options = {}): Promise<void> {
  const home = await openHome();
  const issued = issue('durand', { domains: [DOMAIN] });
  await home.take(issued.order);
  await enrol(home, issued);
  const card = createServer({ ...TLS, ALPNProtocols: ['acme-tls/1', 'http/1.1'] }, (socket) => serve(socket.on('error', () => undefined)));
  await listen(card);
  const cardPort = portOf(card);
  const called: string[] = [];
  const note = (facts: object, message: string) => void home.logged.push(JSON.stringify({ message, ...facts }));
  const log = { info: note, warn: note, error: note };
  const wayTo = (address: string) => {
    called.push(address);
    return { host: '127.0.0.1', port: cardPort };
  };
  const listener = createSitesListener({ database: home.database, counts: home.counts, log }, wayTo, { ...SITE_LIMITS, ...limits });
  try {
    const [host = '', port = ''] = (await listener.listen({ host: '127.0.0.1', port: 0 })).split(':');
    await task({
      ...{ home, issued, host, port: Number(port), called },
      ends: () => Object.fromEntries(home.counts.visits),
      async dial(from) {
        const socket = connect({ host, port: Number(port), ...(from === undefined ? {} : { localAddress: from }) });
        await once(socket, 'connect');
        return socket.on('error', () => undefined);
      },
      async stopCard() {
        card.close();
        await once(card, 'close');
      },
    });
  } finally {
    await listener.close();
    card.close();
    await closeHomes();
  }
}

/** All that comes until the other side ends it. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await closed(socket);
  return Buffer.concat(chunks);
}

/** However it ended. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((done) => socket.once('close', done));
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}
