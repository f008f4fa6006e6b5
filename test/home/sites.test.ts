import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { enrol, issue, TLS } from './open-home.ts';
import { closed, DOMAIN, type OpenSites, readAll, withSites } from './open-sites.ts';
import { claimOf } from './sample-fleet.ts';

/** Connects as a person's terminal does. @returns the certificate's fingerprint, or what OpenSSL says instead. */
async function lookAt({ host, port }: OpenSites, ...words: string[]): Promise<string> {
  const { all } = await execa('openssl', ['s_client', '-connect', `${host}:${port}`, ...words], { input: '', reject: false, all: true });
  const [, pem] = /(-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----)/.exec(all) ?? [];
  return pem === undefined ? (/unrecognized name|unexpected eof/.exec(all)?.[0] ?? all) : new X509Certificate(pem).fingerprint256;
}

const OWN = new X509Certificate(TLS.cert).fingerprint256;
const NOBODY = '15030300020270';

/** The bytes of a real greeting. */
async function greeting(name = DOMAIN): Promise<Buffer> {
  const sent = new PassThrough();
  const socket = connect({ socket: Duplex.from({ readable: new PassThrough(), writable: sent }), servername: name });
  socket.on('error', () => undefined);
  const [bytes] = (await once(sent, 'data')) as [Buffer];
  socket.destroy();
  return bytes;
}

async function openTls(sites: OpenSites, socket?: Socket): Promise<TLSSocket> {
  const tls = connect({ socket: socket ?? (await sites.dial()), servername: DOMAIN, ca: TLS.cert, checkServerIdentity: () => undefined });
  await once(tls, 'secureConnect');
  return tls;
}

describe('createSitesListener(), the card a TLS server of Node.js', () => {
  it('leads a visitor to the card of the name, whose own certificate they see, and leaves what they speak as it is', () =>
    withSites(async (sites) => {
      expect(await lookAt(sites, '-servername', DOMAIN)).toBe(OWN);
      const connectTo = ['--connect-to', `::${sites.host}:${sites.port}`];
      const { stdout } = await execa('curl', ['--silent', '--show-error', '--insecure', ...connectTo, `https://${DOMAIN.toUpperCase()}/`]);
      expect(stdout).toMatch(/^www\.durand\.example /i);
      const challenge = connect({ ...sites, servername: DOMAIN, ALPNProtocols: ['acme-tls/1'], rejectUnauthorized: false });
      await once(challenge, 'secureConnect');
      expect(challenge.alpnProtocol).toBe('acme-tls/1');
      challenge.destroy();
      expect(sites.ends()).toEqual({ passed: 3 });
    }));

  it('says the same to every name that leads nowhere: unknown, none, of a card that is away, not yet confirmed, or revoked', () =>
    withSites(async (sites) => {
      const alert = 'unrecognized name';
      const other = issue('martin', { domains: ['martin.example'] });
      await sites.home.take(other.order);
      await sites.home.nursery('/v1/claim', claimOf(other), other.nursery);
      expect(await lookAt(sites, '-servername', 'martin.example')).toBe(alert);
      expect(await lookAt(sites, '-servername', 'nobody.example')).toBe(alert);
      expect(await lookAt(sites, '-servername', 'durand.example')).toBe(alert);
      expect(await lookAt(sites, '-noservername')).toBe(alert);
      expect(sites.called).toEqual([]);
      await sites.stopCard();
      expect(await lookAt(sites, '-servername', DOMAIN)).toBe(alert);
      expect(sites.called).toHaveLength(1);
      await sites.home.take({ ...sites.issued.order, revoked: true });
      expect(await lookAt(sites, '-servername', DOMAIN)).toBe(alert);
      expect(sites.called).toHaveLength(1);
      expect(sites.ends()).toEqual({ unknown: 5, away: 1 });
      expect(sites.home.logged.join()).not.toMatch(/example|127\.0\.0\.1/);
    }));

  it('follows the orders: a name goes to the client who has it now, and to nobody while two have it', () =>
    withSites(async (sites) => {
      const other = issue('martin', { domains: [DOMAIN, 'martin.example'] });
      await sites.home.take(other.order);
      const address = await enrol(sites.home, other);
      expect(await lookAt(sites, '-servername', DOMAIN)).toBe('unrecognized name');
      const { domains: _, ...without } = sites.issued.order;
      await sites.home.take(without);
      expect(await lookAt(sites, '-servername', DOMAIN)).toBe(OWN);
      expect(sites.called).toEqual([address]);
    }));

  it('says nothing to who speaks no TLS, says too much, or takes too long', () =>
    withSites(
      async (sites) => {
        const plain = await sites.dial();
        plain.write('GET / HTTP/1.1\r\nHost: www.durand.example\r\n\r\n');
        expect((await readAll(plain)).toString()).toBe('');
        const oversized = await sites.dial();
        oversized.write(Buffer.concat([Buffer.from([22, 3, 1, 0x3f, 0xfb, 1, 0, 0x3f, 0xfc]), randomBytes(20_000)]));
        expect((await readAll(oversized)).toString()).toBe('');
        const silent = await sites.dial();
        expect((await readAll(silent)).toString()).toBe('');
        const slow = await sites.dial();
        const bytes = await greeting();
        const drip = setInterval(() => slow.write(bytes.subarray(0, 1)), 20);
        slow.write(bytes.subarray(0, 100));
        expect((await readAll(slow)).toString()).toBe('');
        clearInterval(drip);
        expect(sites.ends()).toEqual({ 'not-tls': 4 });
        expect(sites.called).toEqual([]);
      },
      { limits: { greeting: 300 } },
    ));

  it('waits for a greeting that comes in two pieces, wherever it is cut', () =>
    withSites(async (sites) => {
      const bytes = await greeting('nobody.example');
      const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
      for (let first = 0; first < cuts.length; first += 50) {
        const answers = cuts.slice(first, first + 50).map(async (cut) => {
          const socket = await sites.dial();
          socket.setNoDelay().write(bytes.subarray(0, cut));
          await new Promise((done) => setTimeout(done, 5));
          socket.end(bytes.subarray(cut));
          return (await readAll(socket)).toString('hex');
        });
        expect(new Set(await Promise.all(answers))).toEqual(new Set([NOBODY]));
      }
      expect(sites.ends()).toEqual({ unknown: cuts.length });
    }));

  it('carries much both ways at once, to its last byte, also when one side has said all before the other answers', () =>
    withSites(
      async (sites) => {
        const visitor = await openTls(sites);
        const bytes = randomBytes(8_000_000);
        const back = readAll(visitor);
        visitor.end(bytes);
        const [sum, copy] = [createHash('sha256').update(bytes).digest(), await back];
        expect(createHash('sha256').update(copy).digest().equals(sum)).toBe(true);
      },
      { serve: (socket) => void socket.pipe(socket) },
    ));

  it('reads from the card no faster than the visitor takes it', () => {
    let sent = 0;
    const chunk = randomBytes(65_536);
    const pour = (socket: TLSSocket): void => {
      while (sent < 64_000_000 && !socket.destroyed) {
        sent += chunk.length;
        if (!socket.write(chunk)) return void socket.once('drain', () => pour(socket));
      }
    };
    return withSites(
      async (sites) => {
        const visitor = await openTls(sites);
        visitor.pause();
        let before = -1;
        while (before !== sent) {
          before = sent;
          await new Promise((done) => setTimeout(done, 300));
        }
        // What the system's own buffers hold, on both connections, and not all of it.
        expect(sent).toBeLessThan(40_000_000);
        visitor.destroy();
      },
      { serve: pour },
    );
  });

  it('ends what stands still, and on one side what the other has cut', () => {
    const cards: TLSSocket[] = [];
    return withSites(
      async (sites) => {
        const idle = await openTls(sites);
        const card = async (index: number) => {
          await expect.poll(() => cards[index]).toBeDefined();
          return cards[index] as TLSSocket;
        };
        idle.resume();
        await Promise.all([idle, await card(0)].map(closed));
        const leaving = await openTls(sites);
        const deserted = await card(1);
        leaving.destroy();
        await closed(deserted);
        const left = await openTls(sites);
        left.resume();
        (await card(2)).destroy();
        await closed(left);
      },
      { limits: { idle: 1000 }, serve: (socket) => void cards.push(socket.resume()) },
    );
  });

  it('holds so many connections of one visitor, of one card, and in all; the rest hear of it at once', () =>
    withSites(
      async (sites) => {
        const held = await Promise.all(Array.from({ length: 100 }, (_, index) => sites.dial(`127.0.0.${1 + (index % 2)}`)));
        await expect.poll(() => sites.ends()).toEqual({ full: 60 });
        await expect.poll(() => held.filter(({ closed }) => closed)).toHaveLength(60);
        const bytes = await greeting();
        for (const socket of held) if (!socket.closed) socket.write(bytes);
        await expect.poll(() => sites.ends()).toEqual({ passed: 30, full: 70 });
        for (const socket of held) socket.destroy();
        // Their places are free again.
        await expect.poll(() => lookAt(sites, '-servername', DOMAIN)).toBe(OWN);
      },
      { limits: { visitors: { each: 20, together: 2000 }, cards: { each: 30, together: 2000 } }, serve: () => undefined },
    ));
});
