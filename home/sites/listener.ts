import { type AddressInfo, connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { countVisit } from '../answers/counts.ts';
import type { Home } from '../answers/home.ts';
import { customerOf } from '../limits/rate-limit.ts';
import { createSlots } from '../limits/slots.ts';
import { findSite } from '../store/sites.ts';
import { MOST_BYTES, readClientHello } from './client-hello.ts';

export interface SitesListener {
  /** @returns "address:port" */
  listen(place: ListenOptions): Promise<string>;
  close(): Promise<void>;
}

/** How the card with an address of the tunnel is called. */
export type WayToCard = (address: string) => { readonly host: string; readonly port: number; readonly localAddress?: string };

export interface SiteLimits {
  /** Connections at a time. A browser has up to six; behind one IPv4 address there may be a whole village. */
  readonly visitors: { readonly each: number; readonly together: number };
  /** So that a site with a crowd before it leaves room for the others. */
  readonly cards: { readonly each: number; readonly together: number };
  /** Milliseconds for the greeting, for the card to answer, and without anything moving. */
  readonly greeting: number;
  readonly answer: number;
  readonly idle: number;
}

export const SITE_LIMITS: SiteLimits = {
  visitors: { each: 64, together: 2000 },
  cards: { each: 256, together: 2000 },
  greeting: 5000,
  answer: 5000,
  idle: 120_000,
};

/** A fatal alert, unrecognized_name (RFC 8446, 6.2): whether a name is nobody's, its card away or revoked, the visitor hears this. */
const NOBODY_HERE = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** For visitors of the sites that clients have on their cards: bytes, passed on as they come. The keys are the cards', so home can read none of it. */
export function createSitesListener(
  { database, counts, log }: Pick<Home, 'database' | 'counts' | 'log'>,
  wayTo: WayToCard,
  limits: SiteLimits = SITE_LIMITS,
): SitesListener {
  const [visitors, cards] = [createSlots(limits.visitors), createSlots(limits.cards)];
  const open = new Set<Socket>();
  // One side may have said all while the other still speaks.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (visitor) => {
    const leave = visitors.take(customerOf(visitor.remoteAddress ?? ''));
    keep(visitor, leave);
    if (!leave) return drop(visitor, 'full');
    receive(visitor).catch((error: unknown) => {
      log.error({ err: error }, 'cannot pass a visitor on');
      visitor.destroy();
    });
  });

  function keep(socket: Socket, leave: (() => void) | undefined): void {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      open.delete(socket);
      leave?.();
    });
  }

  function drop(visitor: Socket, reason: 'full' | 'not-tls'): void {
    countVisit(counts, reason);
    visitor.destroy();
  }

  function refuse(visitor: Socket, reason: 'unknown' | 'away' | 'full'): void {
    countVisit(counts, reason);
    // What it still sends is read: to close before that would reset the connection, and take the alert with it.
    visitor.resume().end(NOBODY_HERE);
    visitor.setTimeout(limits.greeting, () => visitor.destroy());
  }

  async function receive(visitor: Socket): Promise<void> {
    const heard = await hearGreeting(visitor, limits.greeting);
    if (heard === undefined) return drop(visitor, 'not-tls');
    const address = heard.serverName === '' ? undefined : findSite(database, heard.serverName);
    if (address === undefined) return refuse(visitor, 'unknown');
    const leave = cards.take(address);
    if (!leave) return refuse(visitor, 'full');
    const card = connect({ ...wayTo(address), allowHalfOpen: true, noDelay: true });
    keep(card, leave);
    if (!(await isAnswered(card, limits.answer))) return refuse(visitor, 'away');
    countVisit(counts, 'passed');
    card.write(heard.bytes);
    join(visitor, card, limits.idle);
  }

  return {
    listen: (place) =>
      new Promise((done, failed) => {
        server.once('error', failed).listen(place, () => {
          const { address, family, port } = server.address() as AddressInfo;
          done(`${family === 'IPv6' ? `[${address}]` : address}:${port}`);
        });
      }),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** @returns undefined when what comes is no greeting of TLS, or none in time. */
function hearGreeting(visitor: Socket, patience: number): Promise<{ readonly bytes: Buffer; readonly serverName: string } | undefined> {
  return new Promise((done) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (serverName?: string) => {
      clearTimeout(late);
      visitor.pause().off('data', hear).off('end', finish).off('close', finish);
      done(serverName === undefined ? undefined : { bytes, serverName });
    };
    const hear = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const greeting = readClientHello(bytes.subarray(0, MOST_BYTES));
      if (greeting !== 'unfinished') finish(greeting === 'not-tls' ? undefined : greeting.serverName);
    };
    const late = setTimeout(finish, patience);
    visitor
      .on('data', hear)
      .once('end', () => finish())
      .once('close', () => finish())
      .resume();
  });
}

function isAnswered(card: Socket, patience: number): Promise<boolean> {
  return new Promise((done) => {
    const late = setTimeout(() => card.destroy(), patience);
    card.once('connect', () => done(true)).once('close', () => done(false));
    card.once('connect', () => clearTimeout(late)).once('close', () => clearTimeout(late));
  });
}

/** What one side sends the other gets, no faster than it takes it. */
function join(visitor: Socket, card: Socket, idle: number): void {
  for (const [from, to] of [
    [visitor, card],
    [card, visitor],
  ] as const) {
    from.setTimeout(idle, () => from.destroy());
    // An end that was no end: a connection that was cut, or stood still.
    from.once('close', () => from.readableEnded || to.destroy());
    if (from.destroyed) to.destroy();
    from.pipe(to);
  }
}
