import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Greeting, MOST_BYTES, MOST_RECORDS, readClientHello } from '../../home/sites/client-hello.ts';

/** What a program sends first to a server that says nothing. */
async function greetingOf(call: (port: number) => { end(): void }): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const caller = call((server.address() as { port: number }).port);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  caller.end();
  server.close();
  return bytes;
}

const nodeGreeting = (options: ConnectionOptions) =>
  greetingOf((port) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    socket.on('error', () => undefined);
    return { end: () => socket.destroy() };
  });

const openssl = (...words: string[]) =>
  greetingOf((port) => {
    const child = execa('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...words], { stdin: 'ignore', reject: false });
    return { end: () => void child.kill() };
  });

const HELLO = await nodeGreeting({ servername: 'www.Durand.example', ALPNProtocols: ['acme-tls/1'] });
const NAMED: Greeting = { serverName: 'www.durand.example' };

/** The same handshake in records of these lengths, the last one as long as it takes. */
function inRecords(hello: Buffer, lengths: readonly number[]): Buffer {
  let rest = hello.subarray(5);
  const records: Buffer[] = [];
  for (const length of [...lengths, rest.length]) {
    const part = rest.subarray(0, length);
    if (part.length > 0) records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
    rest = rest.subarray(length);
  }
  return Buffer.concat(records);
}

describe('readClientHello()', () => {
  it('finds the name that Node.js and OpenSSL ask for, of either version of TLS, in small letters', async () => {
    expect(readClientHello(HELLO)).toEqual(NAMED);
    expect(readClientHello(await nodeGreeting({ servername: 'a.example', maxVersion: 'TLSv1.2' }))).toEqual({ serverName: 'a.example' });
    expect(readClientHello(await openssl('-servername', 'b.example', '-tls1_3'))).toEqual({ serverName: 'b.example' });
    expect(readClientHello(await openssl('-servername', 'c.example', '-tls1_2', '-alpn', 'h2'))).toEqual({ serverName: 'c.example' });
  });

  it('finds none where none is asked for, or none that a host can have', async () => {
    expect(readClientHello(await openssl('-noservername'))).toEqual({ serverName: '' });
    expect(readClientHello(await openssl('-servername', "x' OR '1"))).toEqual({ serverName: '' });
  });

  it('waits for the rest wherever a hello is cut, and needs no byte more than it has', () => {
    for (let length = 0; length < HELLO.length; length++) expect(readClientHello(HELLO.subarray(0, length)), `${length} bytes`).toBe('unfinished');
  });

  it('reads on over records however the hello is split among them, and looks at nothing behind it', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.uint8Array({ maxLength: 50 }), (given, behind) => {
        expect(readClientHello(Buffer.concat([inRecords(HELLO, given), behind]))).toEqual(NAMED);
      }),
    );
  });

  it('takes HTTP, SSH, noise and other records of TLS for no greeting from their first byte', () => {
    for (const text of ['GET / HTTP/1.1\r\n', 'G', 'SSH-2.0-OpenSSH', '\x15\x03\x01', '\x16\x02', '\x16\x03\x01\0\x04\x02\0\0\0', '\x16\x03\x01\0\0'])
      expect(readClientHello(Buffer.from(text, 'latin1')), text).toBe('not-tls');
  });

  it('is through with a hello that is longer than any, or in more pieces', () => {
    const long = Buffer.from([22, 3, 1, 0x40, 0, 1, 0, 0x40, 0]);
    expect(readClientHello(long)).toBe('not-tls');
    expect(readClientHello(inRecords(HELLO, Array(MOST_RECORDS - 1).fill(1)))).toEqual(NAMED);
    expect(readClientHello(inRecords(HELLO, Array(MOST_RECORDS).fill(1)))).toBe('not-tls');
    const full = Buffer.concat([Buffer.from([22, 3, 1, 0x3f, 0xfb, 1, 0, 0x3f, 0xfc]), Buffer.alloc(MOST_BYTES)]);
    expect(readClientHello(full.subarray(0, MOST_BYTES - 1))).toBe('unfinished');
    expect(readClientHello(full.subarray(0, MOST_BYTES))).toBe('not-tls');
  });

  it('is right or says that it is no greeting, whatever is damaged in one', () => {
    const damage = fc.array(fc.tuple(fc.nat(HELLO.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, (places) => {
        const bytes = Buffer.from(HELLO);
        for (const [at, value] of places) bytes[at] = value;
        const greeting = readClientHello(bytes);
        if (typeof greeting === 'string') expect(['not-tls', 'unfinished']).toContain(greeting);
        else expect(greeting.serverName).toMatch(/^[a-z0-9.-]{0,253}$/);
      }),
      { numRuns: 2000 },
    );
  });
});
