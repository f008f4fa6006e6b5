import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { SampleImage } from './sample-image.ts';

/** Debian's docker-registry on loopback. @param folder keeps its store and its settings. */
export async function startRegistry(folder: string): Promise<{ host: string; [Symbol.asyncDispose](): Promise<void> }> {
  const host = `127.0.0.1:${await findFreePort()}`;
  const settings = `version: 0.1\nlog: { level: error, accesslog: { disabled: true } }\nstorage: { filesystem: { rootdirectory: ${join(folder, 'store')} } }\nhttp: { addr: "${host}" }\n`;
  await writeFile(join(folder, 'registry.yml'), settings);
  const child = spawn('docker-registry', ['serve', join(folder, 'registry.yml')], { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('exit', done));
  while (
    child.exitCode === null &&
    !(await fetch(`http://${host}/v2/`)
      .then(() => true)
      .catch(() => false))
  )
    await new Promise((done) => setTimeout(done, 20));
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Uploads an image as `podman push` does. */
export async function pushImage(
  host: string,
  name: string,
  { blobs, manifest, index }: SampleImage,
  digestOf: (bytes: Buffer) => string,
): Promise<void> {
  for (const [sha256, bytes] of blobs) {
    const begun = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, { method: 'POST' });
    const to = new URL(begun.headers.get('location') ?? '', `http://${host}`);
    to.searchParams.set('digest', `sha256:${sha256}`);
    await expectStatus(201, fetch(to, { method: 'PUT', body: new Uint8Array(bytes), headers: { 'Content-Type': 'application/octet-stream' } }));
  }
  for (const bytes of [manifest, index]) {
    const { mediaType } = JSON.parse(bytes.toString()) as { mediaType: string };
    const url = `http://${host}/v2/${name}/manifests/sha256:${digestOf(bytes)}`;
    await expectStatus(201, fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers: { 'Content-Type': mediaType } }));
  }
}

async function expectStatus(wanted: number, response: Promise<Response>): Promise<void> {
  const { status, url } = await response;
  if (status !== wanted) throw new Error(`the registry answered ${status} to ${url}`);
}
