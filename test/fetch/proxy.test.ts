import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadFile } from '../../builder/fetch/download.ts';
import { fetchOsList } from '../../builder/raspios/os-list.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { createPatience, renderList, sha256, withFolder } from '../raspios/sample-image.ts';
import { startServer } from './image-server.ts';

const FILE = Buffer.from('what the proxy brings');
const NAMES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
const before = NAMES.map((name) => [name, process.env[name]] as const);

afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

function setProxies(proxies: Readonly<Record<string, string>>): void {
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, proxies);
}

/** A forward proxy on loopback, for plain requests and CONNECT; it sends everything to `target`, whatever the name. */
async function startProxy(target: string, refuse = false) {
  const seen: IncomingMessage[] = [];
  const port = Number(new URL(target).port);
  const proxy = createServer((incoming, response) => {
    seen.push(incoming);
    if (refuse) return void response.writeHead(407).end();
    const path = new URL(incoming.url ?? '').pathname;
    request({ port, path, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }).end();
  });
  proxy.on('connect', (incoming, socket) => {
    seen.push(incoming);
    if (refuse) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const through = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const end of [socket, through]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return {
    seen,
    host: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise((done) => proxy.close(done));
    },
  };
}

const download = (url: string) =>
  withFolder((folder) =>
    downloadFile({ signal: new AbortController().signal }, url, join(folder, 'file'), { patience: createPatience() }).catch((error: Error) => error),
  );
const WELL = { bytes: FILE.length, sha256: sha256(FILE) };

describe('the proxy of the environment', () => {
  it('is asked, with its own user and password, for hosts that only it knows', async () => {
    await using server = await startServer({ '/file': FILE });
    await using proxy = await startProxy(server.url);
    setProxies({ http_proxy: `http://me:secret@${proxy.host}` });
    expect(await download('http://images.example/file')).toEqual(WELL);
    expect(proxy.seen.map(({ url, headers }) => [url, headers['proxy-authorization']])).toEqual([
      ['http://images.example/file', `Basic ${Buffer.from('me:secret').toString('base64')}`],
    ]);
  });

  it('may change a list that comes over http, as anybody on the way: that is said', async () => {
    await using server = await startServer({ '/list.json': renderList() });
    await using proxy = await startProxy(server.url);
    setProxies({ http_proxy: `http://${proxy.host}` });
    const session = createQuietSession();
    expect(await fetchOsList(session, 'http://lists.example/list.json')).toEqual([]);
    expect(session.warnings).toEqual([expect.stringContaining('"http://lists.example/list.json" came over http')]);
  });

  it('is passed by for what no_proxy names', async () => {
    await using server = await startServer({ '/file': FILE });
    await using proxy = await startProxy(server.url);
    setProxies({ HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: '127.0.0.1' });
    expect(await download(`${server.url}/file`)).toEqual(WELL);
    expect(proxy.seen).toHaveLength(0);
  });

  it('is asked for a tunnel for https', async () => {
    // No certificate is at the end of it: that the tunnel was asked for is what counts, and that what comes of it is told.
    const plain = createTcpServer((socket) => socket.end('no TLS'));
    await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done));
    await using proxy = await startProxy(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
    setProxies({ https_proxy: `http://${proxy.host}` });
    expect(await download('https://images.example/file')).toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('https://images.example/file'),
    });
    expect(proxy.seen.map(({ method, url }) => `${method} ${url}`)).toContain('CONNECT images.example:443');
    await new Promise((done) => plain.close(done));
  });

  it.each(['http', 'https'])('is told of when it refuses, without its password: %s', async (scheme) => {
    await using server = await startServer({});
    await using proxy = await startProxy(server.url, true);
    setProxies({ [`${scheme}_proxy`]: `http://me:secret@${proxy.host}` });
    const error = await download(`${scheme}://images.example/file`);
    expect(error).toMatchObject({ name: 'Failure', message: expect.stringMatching(/407|the proxy of the environment/) });
    expect(JSON.stringify([(error as Error).message, (error as { hint?: string }).hint])).not.toContain('secret');
  });

  it('or its lack changes nothing about a certificate that nobody vouches for: no second try makes it better', () =>
    withFolder(async (folder) => {
      const names = ['-keyout', join(folder, 'key'), '-out', join(folder, 'certificate'), '-subj', '/CN=localhost'];
      await runCommand(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1', ...names]);
      const [key = '', cert = ''] = await Promise.all(['key', 'certificate'].map((name) => readFile(join(folder, name))));
      const server = createTlsServer({ key, cert }).on('tlsClientError', () => undefined);
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      setProxies({});
      const error = await download(`https://127.0.0.1:${(server.address() as AddressInfo).port}/file`);
      expect(error).toMatchObject({ message: expect.stringContaining("its certificate can't be trusted (DEPTH_ZERO_SELF_SIGNED_CERT)") });
      await new Promise((done) => server.close(done));
    }));

  it('is told of when it is no address', async () => {
    setProxies({ http_proxy: 'http://:::' });
    expect(await download('http://images.example/file')).toMatchObject({ message: expect.stringContaining('Cannot use the proxy') });
  });
});
