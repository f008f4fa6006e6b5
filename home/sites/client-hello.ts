/** The most that is read of a greeting; a real one has half a kilobyte, two with keys that outlive quantum computers. */
export const MOST_BYTES = 16 * 1024;
/** Clients send one, or a few that a censor may stumble over. Each costs us time, and a hostile hello can come a byte at a time. */
export const MOST_RECORDS = 32;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** What a visitor begins with: `serverName` in small letters, '' where it says none that a host can have. */
export type Greeting = 'unfinished' | 'not-tls' | { readonly serverName: string };

/** Reads which name a TLS client asks for (RFC 8446, 4.1.2 and 5.1; RFC 6066, 3), from the first bytes that it sent, however they were cut. */
export function readClientHello(bytes: Buffer): Greeting {
  const message = joinRecords(bytes);
  if (message === undefined || (message.length > 0 && message[0] !== CLIENT_HELLO)) return 'not-tls';
  const length = message.length < 4 ? MOST_BYTES : 4 + message.readUIntBE(1, 3);
  if (length > MOST_BYTES) return 'not-tls';
  if (message.length < length) return bytes.length < MOST_BYTES ? 'unfinished' : 'not-tls';
  try {
    return { serverName: readServerName(message.subarray(4, length)) };
  } catch {
    return 'not-tls';
  }
}

/** The handshake that these records carry, as far as it is there; undefined when they carry something else. What may follow a hello is not looked at. */
function joinRecords(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let wanted = 4;
  for (let at = 0, got = 0; at < bytes.length && got < wanted; ) {
    const [type, major = 3] = bytes.subarray(at);
    if (type !== HANDSHAKE || major !== 3) return undefined;
    if (bytes.length < at + 5) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > MOST_BYTES || parts.length === MOST_RECORDS) return undefined;
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    got += part.length;
    at += 5 + length;
    if (wanted === 4 && got >= 4) wanted += Buffer.concat(parts).readUIntBE(1, 3);
  }
  return Buffer.concat(parts);
}

/** @throws {RangeError} when something in it is longer than what holds it. */
function readServerName(hello: Buffer): string {
  const fields = createReader(hello);
  // Version and random, session, ciphers, compression.
  fields.take(2 + 32);
  for (const lengthBytes of [1, 2, 1]) fields.vector(lengthBytes);
  if (fields.isAtEnd()) return '';
  const extensions = createReader(fields.vector(2));
  while (!extensions.isAtEnd()) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type !== SERVER_NAME) continue;
    const names = createReader(createReader(data).vector(2));
    const kind = names.number(1);
    const name = names.vector(2).toString('latin1').toLowerCase();
    return kind === HOST_NAME && /^[a-z0-9.-]{1,253}$/.test(name) ? name : '';
  }
  return '';
}

function createReader(bytes: Buffer) {
  let at = 0;
  const take = (length: number) => {
    if (at + length > bytes.length) throw new RangeError('it ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (length: number) => take(length).readUIntBE(0, length);
  return { take, number, vector: (lengthBytes: number) => take(number(lengthBytes)), isAtEnd: () => at === bytes.length };
}
