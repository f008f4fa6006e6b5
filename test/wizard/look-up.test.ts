import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { lookUpAddresses } from '../../cli/wizard/look-up.ts';

/** A name server on loopback that says the same address of every name, or nothing at all. */
async function withNameServer<T>(ipv4: readonly number[] | undefined, task: (server: string) => Promise<T>): Promise<T> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (question, { address, port }) => {
    if (!ipv4) return;
    const isA = question.readUInt16BE(question.indexOf(0, 12) + 1) === 1;
    // RFC 1035, section 4.1: the same header as an answer, the question, and one record that points at its name.
    const end = question.indexOf(0, 12) + 5;
    const head = Buffer.from(question.subarray(0, end));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(isA ? 1 : 0, 6);
    head.writeUInt32BE(0, 8);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...ipv4]);
    socket.send(isA ? Buffer.concat([head, record]) : head, port, address);
  });
  try {
    return await task(`127.0.0.1:${socket.address().port}`);
  } finally {
    socket.close();
  }
}

describe('lookUpAddresses()', () => {
  it('says once what the DNS says of several names', () =>
    withNameServer([198, 51, 100, 7], async (server) =>
      expect(await lookUpAddresses(['vpn.racines.zz', 'home.racines.zz'], { servers: [server] })).toEqual(['198.51.100.7']),
    ));

  it('waits no longer than it may for an answer that does not come', () =>
    withNameServer(undefined, async (server) => {
      const start = performance.now();
      expect(await lookUpAddresses(['vpn.racines.zz'], { servers: [server], patienceMs: 300 })).toEqual([]);
      expect(performance.now() - start).toBeLessThan(3000);
    }));

  it('asks nobody of names that nobody has', async () => {
    expect(await lookUpAddresses(['vpn.racines.example'])).toEqual([]);
    expect(await lookUpAddresses([])).toEqual([]);
  });
});
