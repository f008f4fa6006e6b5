import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { createSocket } from 'node:dgram';
import { blake2s } from 'hash-wasm';

export type Answer = 'answered' | 'silent';

/**
 * WireGuard's first message (the protocol's paper, section 5.4.2), dated as told: that lets a peer's clock go wrong, which no program here can.
 * usage: handshake.ts HUB-KEY PRIVATE-KEY SECONDS-SINCE-1970 ADDRESS PORT; says "answered" or "silent". For keys of tests only: they are in its argv.
 */
const [hubKey = '', privateKey = '', seconds = '0', address = '', port = '0'] = process.argv.slice(2);
const message = await renderInitiation(Buffer.from(hubKey, 'base64'), Buffer.from(privateKey, 'base64'), BigInt(seconds));
const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
const finish = (word: Answer) => {
  process.stdout.write(`${word}\n`);
  socket.close();
  clearTimeout(late);
};
const late = setTimeout(() => finish('silent'), 1000);
// 2: the response.
socket.on('message', (answer) => answer[0] === 2 && finish('answered'));
socket.send(message, Number(port), address);

async function renderInitiation(hub: Buffer, secret: Buffer, time: bigint): Promise<Buffer> {
  const ours = privateOf(secret);
  const ephemeral = generateKeyPairSync('x25519').privateKey;
  let chain = hash(Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
  let hashed = hash(chain, Buffer.from('WireGuard v1 zx2c4 Jason@zx2c4.com'));
  hashed = hash(hashed, hub);
  const first = publicBytes(ephemeral);
  [chain] = derive(chain, first);
  hashed = hash(hashed, first);
  let key: Buffer;
  [chain, key] = derive(chain, shared(ephemeral, hub));
  const identity = seal(key, publicBytes(ours), hashed);
  hashed = hash(hashed, identity);
  [chain, key] = derive(chain, shared(ours, hub));
  const stamp = Buffer.alloc(12);
  stamp.writeBigUInt64BE(0x400000000000000an + time);
  const body = Buffer.concat([Buffer.from('0100000001020304', 'hex'), first, identity, seal(key, stamp, hashed)]);
  const mac = await blake2s(body, 128, hash(Buffer.from('mac1----'), hub));
  return Buffer.concat([body, Buffer.from(mac, 'hex'), Buffer.alloc(16)]);
}

function hash(...parts: Buffer[]): Buffer {
  return createHash('blake2s256').update(Buffer.concat(parts)).digest();
}

function mac(key: Buffer, ...parts: Buffer[]): Buffer {
  return createHmac('blake2s256', key).update(Buffer.concat(parts)).digest();
}

function derive(chain: Buffer, input: Buffer): [Buffer, Buffer] {
  const secret = mac(chain, input);
  const one = mac(secret, Buffer.of(1));
  return [one, mac(secret, one, Buffer.of(2))];
}

function seal(key: Buffer, text: Buffer, extra: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
  cipher.setAAD(extra, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function shared(ours: KeyObject, theirs: Buffer): Buffer {
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') }, format: 'jwk' });
  return diffieHellman({ privateKey: ours, publicKey });
}

function privateOf(bytes: Buffer): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), bytes]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicBytes(key: KeyObject): Buffer {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
}
