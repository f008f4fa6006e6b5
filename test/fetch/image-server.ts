import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How one answer goes wrong; nothing said, it goes well. */
export interface Behaviour {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is cut after so many bytes of the answer. */
  readonly cutAfter?: number;
  /** Nothing more comes after so many bytes, and the connection stays. */
  readonly stallAfter?: number;
  readonly ignoreRange?: boolean;
  /** What Content-Length and Content-Range say the file has; null: the answer doesn't say. */
  readonly claimedBytes?: number | null;
  /** In place of the file. */
  readonly body?: Buffer;
  readonly etag?: string | null;
}

/** Ends when the client has written so many bytes of the file: what it has not read when the connection is cut is lost to it. */
export type Landed = (bytes: number) => Promise<void>;

export interface ImageServer {
  readonly url: string;
  readonly requests: IncomingMessage[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server on loopback that has `files` by path, and answers as `behave` says: by the request, and how many of that path came before. */
export async function startServer(
  files: Readonly<Record<string, Buffer>>,
  behave: (path: string, count: number, request: IncomingMessage) => Behaviour = () => ({}),
  landed: Landed = async () => undefined,
): Promise<ImageServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const count = requests.filter(({ url }) => url === request.url).length;
    requests.push(request);
    answer(request, response, files[path], behave(path, count, request), landed);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, file: Buffer | undefined, behaviour: Behaviour, landed: Landed): void {
  const { status, headers = {}, etag = '"one"', ignoreRange, claimedBytes } = behaviour;
  const body = behaviour.body ?? file;
  if (status !== undefined || body === undefined) {
    response.writeHead(status ?? 404, headers).end();
    return;
  }
  const tags = etag === null ? {} : { ETag: etag };
  const wanted = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const [, from, last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const total = claimedBytes ?? body.length;
  if (from === undefined || ignoreRange || !wanted) {
    response.writeHead(200, { ...(claimedBytes !== null && { 'Content-Length': total }), ...tags, ...headers });
    send(response, body, 0, behaviour, landed);
  } else if (Number(from) >= total) {
    response.writeHead(416, { 'Content-Range': `bytes */${total}` }).end();
  } else {
    const end = last === '' ? total : Math.min(total, Number(last) + 1);
    const range = `bytes ${from}-${end - 1}/${total}`;
    response.writeHead(206, { 'Content-Length': end - Number(from), 'Content-Range': range, ...tags, ...headers });
    send(response, last === '' ? body : body.subarray(0, end), Number(from), behaviour, landed);
  }
}

function send(response: ServerResponse, body: Buffer, from: number, { cutAfter, stallAfter }: Behaviour, landed: Landed): void {
  const end = from + (cutAfter ?? stallAfter ?? body.length);
  if (end >= body.length) response.end(body.subarray(from));
  else {
    response.write(body.subarray(from, end));
    if (cutAfter !== undefined) void landed(end).then(() => response.socket?.destroy());
  }
}
