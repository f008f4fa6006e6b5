import { randomBytes } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureImage } from '../../builder/container/image.ts';
import { ensureTree } from '../../builder/container/unpack.ts';
import { poolPath } from '../../builder/debian/package-set.ts';
import { arm64 } from '../../builder/platform/architecture.ts';
import { parsePinnedImage } from '../../builder/workspace/image-name.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { startServer } from '../fetch/image-server.ts';
import { createPatience } from '../raspios/sample-image.ts';
import { pushImage, startRegistry } from './registry-server.ts';
import { makeLayers, packImage, type SampleImage, sha256 } from './sample-image.ts';

const running = () => ({ signal: new AbortController().signal });
const pinned = (host: string, digest: string) => {
  const image = parsePinnedImage(`${host}/racines/app@sha256:${digest}`);
  if (!image) throw new Error('no image');
  return image;
};
const isPooled = (digest: string) =>
  access(poolPath({ sha256: digest, name: 'blob' })).then(
    () => true,
    () => false,
  );
const poolOf = async () => (await readdir(cacheFolder('pool')).catch(() => [])).sort();

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-image-'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** One layer of one file that doesn't compress. */
async function makeImage(config: object = {}, options: object = {}): Promise<SampleImage> {
  const [tar] = await makeLayers(folder, 1, 'mkdir -p 1/bin; head -c 300000 /dev/urandom >1/bin/app; tar --create --file 1.tar --directory 1 .');
  return packImage([tar ?? Buffer.alloc(0)], config, options);
}

/** What a registry answers, by path. */
function pathsOf({ blobs, manifest, index }: SampleImage): Record<string, Buffer> {
  const at = (kind: string, bytes: Buffer) => [`/v2/racines/app/${kind}/sha256:${sha256(bytes)}`, bytes] as const;
  return Object.fromEntries([...[...blobs.values()].map((bytes) => at('blobs', bytes)), at('manifests', manifest), at('manifests', index)]);
}

describe('ensureImage()', () => {
  it('takes an image from a registry, and a second time from the pool alone', async () => {
    const image = await makeImage({ Cmd: ['/bin/app'], User: '33' });
    const digest = sha256(image.index);
    const wanted = [digest, sha256(image.manifest), ...image.blobs.keys()].sort();
    let host = '';
    {
      await using registry = await startRegistry(folder);
      host = registry.host;
      await pushImage(host, 'racines/app', image, sha256);
      const taken = await ensureImage(running(), pinned(host, digest), { architecture: arm64 });
      expect(taken.config).toMatchObject({ Cmd: ['/bin/app'], User: '33' });
      expect(taken.blobs.map((blob) => blob.sha256).sort()).toEqual(wanted);
      expect(await poolOf()).toEqual(wanted);
      const missing = ensureImage(running(), pinned(host, 'ab'.repeat(32)), { architecture: arm64 });
      await expect(missing).rejects.toThrow(
        `Cannot download "http://${host}/v2/racines/app/manifests/sha256:${'ab'.repeat(32)}": the server answered 404`,
      );
    }
    const again = await ensureImage(running(), pinned(host, digest), { architecture: arm64 });
    const tree = await ensureTree(running(), again, '/usr/lib/app');
    expect((await stat(tree.tar)).size).toBeGreaterThan(300_000);
    const ofManifest = await ensureImage(running(), pinned(host, sha256(image.manifest)), { architecture: arm64 });
    expect(ofManifest.layers).toEqual(again.layers);
    await expect(ensureImage(running(), pinned(host, 'ab'.repeat(32)), { architecture: arm64, patience: createPatience() })).rejects.toThrow(
      'no server answers there',
    );
    expect(await poolOf()).toEqual(wanted);
  });

  it('goes on where a layer was cut (a server that cuts)', async () => {
    const image = await makeImage();
    const layer = image.layers[0] ?? '';
    const file = cacheFolder('containers', layer, 'download.part');
    const landed = async (bytes: number) => {
      while (((await stat(file).catch(() => undefined))?.size ?? 0) < bytes) await new Promise((done) => setTimeout(done, 1));
    };
    const behave = (path: string, count: number) => (path.endsWith(layer) && count === 0 ? { cutAfter: 100_000 } : {});
    await using server = await startServer(pathsOf(image), behave, landed);
    await ensureImage(running(), pinned(new URL(server.url).host, sha256(image.index)), { architecture: arm64, patience: createPatience() });
    const asked = server.requests.filter(({ url }) => url?.endsWith(layer));
    expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-']);
    expect(sha256(await readFile(poolPath({ sha256: layer, name: 'blob' })))).toBe(layer);
  });

  it('keeps nothing of what is not what its digest says (a server that lies)', async () => {
    const image = await makeImage();
    const layer = image.layers[0] ?? '';
    const size = image.blobs.get(layer)?.length ?? 0;
    const behave = (path: string) => (path.endsWith(layer) ? { body: randomBytes(size) } : {});
    await using server = await startServer(pathsOf(image), behave);
    const { host } = new URL(server.url);
    await expect(ensureImage(running(), pinned(host, sha256(image.index)), { architecture: arm64 })).rejects.toThrow(
      `expected ${layer}; nothing is kept`,
    );
    expect(await isPooled(layer)).toBe(false);
    expect(await readdir(cacheFolder('containers', layer))).toEqual([]);
    await using other = await startServer({ [`/v2/racines/app/manifests/sha256:${'ab'.repeat(32)}`]: image.index });
    await expect(ensureImage(running(), pinned(new URL(other.url).host, 'ab'.repeat(32)), { architecture: arm64 })).rejects.toThrow(
      'nothing is kept',
    );
    expect(await isPooled('ab'.repeat(32))).toBe(false);
  });

  it('gets the token that everybody gets, and one more when it has expired (a server that asks for tokens)', async () => {
    const image = await makeImage();
    const files: Record<string, Buffer> = { ...pathsOf(image), '/token': Buffer.alloc(0) };
    let given = 0;
    let url = '';
    await using server = await startServer(files, (path, _, { headers }) => {
      if (path === '/token') return { body: Buffer.from(JSON.stringify({ token: `token-${++given}` })) };
      // The first token is good for manifests only.
      const good = headers.authorization === 'Bearer token-2' || (headers.authorization === 'Bearer token-1' && path.includes('/manifests/'));
      const challenge = `Bearer realm="${url}/token",service="sample",scope="repository:racines/app:pull"`;
      return good ? {} : { status: 401, headers: { 'WWW-Authenticate': challenge } };
    });
    url = server.url;
    await ensureImage(running(), pinned(new URL(url).host, sha256(image.index)), { architecture: arm64 });
    const tokens = server.requests.filter(({ url: path }) => path?.startsWith('/token'));
    expect(tokens.map((request) => [request.url, request.headers.authorization])).toEqual(
      [1, 2].map(() => ['/token?service=sample&scope=repository%3Aracines%2Fapp%3Apull', undefined]),
    );
  });

  it('says that an account would be needed (a server that has nothing for strangers)', async () => {
    await using server = await startServer({}, () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="sample"' } }));
    const { host } = new URL(server.url);
    const refused = ensureImage(running(), pinned(host, 'ab'.repeat(32)), { architecture: arm64 });
    await expect(refused).rejects.toThrow(`Cannot download "racines/app": ${host} gives it to nobody without an account`);
  });

  it('refuses an image for another processor', async () => {
    const image = await makeImage({}, { architecture: 'amd64' });
    await using server = await startServer(pathsOf(image));
    const { host } = new URL(server.url);
    for (const bytes of [image.index, image.manifest]) {
      await expect(ensureImage(running(), pinned(host, sha256(bytes)), { architecture: arm64 })).rejects.toThrow(
        'there is none for a Pi (linux, arm64)',
      );
    }
  });
});

describe('ensureTree()', () => {
  it('unpacks gzip, zstd and plain tars alike, and refuses a layer that its configuration does not know', async () => {
    const [tar = Buffer.alloc(0)] = await makeLayers(folder, 1, 'mkdir 1; echo x >1/x; tar --create --file 1.tar --directory 1 .');
    const digests = new Set<string>();
    for (const compress of [(bytes: Buffer) => gzipSync(bytes), (bytes: Buffer) => zstdCompressSync(bytes), (bytes: Buffer) => bytes]) {
      const image = packImage([tar], {}, { compress });
      await using server = await startServer(pathsOf(image));
      const pooled = await ensureImage(running(), pinned(new URL(server.url).host, sha256(image.index)), { architecture: arm64 });
      await rm(cacheFolder('containers'), { recursive: true, force: true });
      const tree = await ensureTree(running(), pooled, '/a');
      digests.add(sha256(await readFile(tree.tar)));
      const layers = pooled.layers.map((layer) => ({ ...layer, diffId: 'ab'.repeat(32) }));
      await expect(ensureTree(running(), { ...pooled, layers }, '/a')).rejects.toThrow("it is not what the image's configuration says");
    }
    expect(digests.size).toBe(1);
  });
});
