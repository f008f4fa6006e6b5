import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { REQUESTS } from '../../protocol/requests.ts';

/**
 * A stand-in for home, for tests of the card alone: it keeps the contract's words, in memory, and checks little but the form of requests.
 * usage: stand-in-home.ts SETTINGS_FILE, in the hub's network. Each request is a line of JSON in the log.
 */
export interface StandInSettings {
  readonly interface: string;
  readonly nursery: string;
  readonly hub: string;
  readonly address: string;
  readonly operators: string;
  readonly token: string;
  readonly bootstrapKey: string;
  readonly presharedKeyFile: string;
  readonly hubKey: string;
  /** Signs host keys. */
  readonly ca: string;
  readonly folder: string;
  readonly port: number;
}

const readSettings = (): StandInSettings => JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
let settings = readSettings();
/** The one claim: its public key and the answer to it. */
let claim: { publicKey: string; answer: string } | undefined;

const wg = (...args: string[]) => execFileSync('wg', ['set', settings.interface, ...args]);
const now = () => `time ${Math.floor(Date.now() / 1000)}\n`;

function answer(path: string, body: string): [number, string] {
  const before = settings.token;
  settings = readSettings();
  // A new seed was issued.
  if (settings.token !== before) claim = undefined;
  const { data } = REQUESTS[path.replace('/v1/', '') as keyof typeof REQUESTS].safeParse(JSON.parse(body));
  // Home leaves out what it doesn't know: a card of today sends nothing that it would.
  const success = isDeepStrictEqual(data, JSON.parse(body));
  if (!success) return [400, 'error bad-request The request is not in the form that the protocol gives.\n'];
  const { token, publicKey, hostKey } = JSON.parse(body);
  if (path === '/v1/claim') {
    if (token !== settings.token) return [410, 'error gone The token is unknown.\n'];
    if (claim && claim.publicKey !== publicKey) return [409, 'error conflict The token was used with another key.\n'];
    claim ??= { publicKey, answer: newClaim(publicKey, hostKey) };
    return [200, claim.answer + now()];
  }
  if (path === '/v1/heartbeat') return [200, `${now()}interval 300\n`];
  if (path === '/v1/confirm') wg('peer', settings.bootstrapKey, 'remove');
  return [200, now()];
}

function newClaim(publicKey: string, hostKey: string): string {
  const { hub, hubKey, operators, address, presharedKeyFile, folder, ca } = settings;
  wg('peer', publicKey, 'preshared-key', presharedKeyFile, 'allowed-ips', address);
  execFileSync('sh', ['-c', 'printf "%s\\n" "$2" >"$1"', 'sh', `${folder}/host.pub`, hostKey]);
  execFileSync('ssh-keygen', ['-q', '-s', ca, '-h', '-I', 'card', '-V', '-15m:+90d', `${folder}/host.pub`]);
  const lines = {
    address,
    'hub-address': hub,
    'hub-key': hubKey,
    'preshared-key': readFileSync(presharedKeyFile, 'utf8').trim(),
    operators,
    'host-certificate': readFileSync(`${folder}/host-cert.pub`, 'utf8').trim(),
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const part of request) body += part;
  const [status, text] = answer(request.url ?? '', body);
  const signature = request.headers['x-semeur-signature'];
  appendFileSync(
    `${settings.folder}/requests`,
    `${JSON.stringify({ url: request.url, from: request.socket.remoteAddress, status, body, signature })}\n`,
  );
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

for (const host of [settings.nursery, settings.hub]) createServer(serve).listen(8080, host);
const tls = { key: readFileSync(`${settings.folder}/tls.key`), cert: readFileSync(`${settings.folder}/tls.crt`) };
createTlsServer(tls, serve).listen(settings.port, '0.0.0.0', () => appendFileSync(`${settings.folder}/requests`, ''));
