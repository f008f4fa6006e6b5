import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureDebs } from '../../builder/debian/ensure-debs.ts';
import type { Places } from '../../builder/debian/package-places.ts';
import { type Deb, poolPath } from '../../builder/debian/package-set.ts';
import { type Behaviour, startServer } from '../fetch/image-server.ts';
import { createQuietSession, withCache } from '../image/sample-prefix.ts';
import { createPatience, sha256 } from '../raspios/sample-image.ts';

const EPOCH = 1_747_742_400; // 2025-05-20T12:00:00Z
const CURL = sampleDeb('curl_8.14.1-2_arm64.deb', 'pool/main/c/curl/curl_8.14.1-2_arm64.deb');
const KEYS = sampleDeb('ca-certificates_1%3a2025+b1_all.deb', 'pool/main/c/ca-certificates/ca-certificates_2025+b1_all.deb');
const FIXED = sampleDeb('openssl_3.5.1-1+deb13u1_arm64.deb', 'pool/updates/main/o/openssl/openssl_3.5.1-1+deb13u1_arm64.deb', 'security');

interface SampleDeb {
  readonly deb: Deb & { readonly path: string };
  readonly body: Buffer;
}

function sampleDeb(name: string, path: string, archive: Deb['archive'] = 'debian'): SampleDeb {
  const body = randomBytes(20_000);
  return { deb: { sha256: sha256(body), name, bytes: body.length, archive, path, priority: 'optional' }, body };
}

interface Asked {
  /** What a server on loopback has, by path. */
  readonly files?: Readonly<Record<string, Buffer>>;
  readonly behave?: (path: string) => Behaviour;
  /** Where packages are sought; the server's address is given. */
  readonly places: (url: string, folder: string) => Partial<Places>;
  /** What lies in the folder beforehand. */
  readonly laid?: Readonly<Record<string, Buffer>>;
}

/** Asks for packages with an empty cache. */
async function ensure(debs: readonly SampleDeb[], { files = {}, behave = () => ({}), places, laid = {} }: Asked) {
  return withCache(async (folder) => {
    await using server = await startServer(files, behave);
    for (const [path, body] of Object.entries(laid)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), body);
    }
    const where = { sources: [], renew: 'semeur profile build maison --update', ...places(server.url, folder) };
    const options = { epoch: EPOCH, patience: createPatience() };
    const error = await ensureDebs(
      createQuietSession(),
      debs.map(({ deb }) => deb),
      where,
      options,
    ).catch((thrown: Error) => thrown);
    const kept = debs.map(async ({ deb, body }) => (await readFile(poolPath(deb)).catch(() => undefined))?.equals(body) ?? false);
    const left = await Promise.all(debs.map(({ deb }) => readdir(dirname(poolPath(deb))).catch(() => [])));
    return { error, kept: await Promise.all(kept), left: left.flat().sort(), asked: server.requests.map(({ url }) => url ?? '') };
  });
}

const mirrorOf = (url: string) => ({ sources: [`deb ${url}/debian trixie main`, `deb ${url}/debian trixie-updates main`] });

describe('ensureDebs()', () => {
  it('asks the mirror for the very file, by its path, and leaves nothing else in the pool', async () => {
    const files = Object.fromEntries([CURL, KEYS].map(({ deb, body }) => [`/debian/${deb.path}`, body]));
    const { error, kept, left } = await ensure([CURL, KEYS, CURL], { files, places: mirrorOf });
    expect({ error, kept, left: [...new Set(left)] }).toEqual({ error: undefined, kept: [true, true, true], left: [KEYS.deb.name, CURL.deb.name] });
  });

  it("asks nobody for what the pool has, or a release's folder", async () => {
    const laid = {
      [`cache/semeur/pool/${CURL.deb.sha256}/${CURL.deb.name}`]: CURL.body,
      [`release/pool/${KEYS.deb.sha256}/${KEYS.deb.name}`]: KEYS.body,
    };
    const places = (url: string, folder: string) => ({ ...mirrorOf(url), release: join(folder, 'release') });
    expect(await ensure([CURL, KEYS], { laid, places })).toMatchObject({ error: undefined, kept: [true, true], asked: [] });
  });

  it('asks the release that is published before the mirror, and the mirror before the snapshot of that time', async () => {
    const files = {
      [`/release/pool/${CURL.deb.sha256}/${CURL.deb.name}`]: CURL.body,
      [`/archive/debian/20250521T000000Z/${KEYS.deb.path}`]: KEYS.body,
      [`/archive/debian-security/20250521T000000Z/${FIXED.deb.path}`]: FIXED.body,
    };
    const places = (url: string) => ({ ...mirrorOf(url), release: `${url}/release/`, snapshot: `${url}/archive/debian/{time}/` });
    const { asked, ...found } = await ensure([CURL, KEYS, FIXED], { files, places });
    expect(found).toMatchObject({ error: undefined, kept: [true, true, true] });
    expect(asked.filter((path) => path.includes('curl'))).toEqual([`/release/pool/${CURL.deb.sha256}/${CURL.deb.name}`]);
    expect(asked.filter((path) => path.includes('certificates'))).toEqual([
      `/release/pool/${KEYS.deb.sha256}/${encodeURIComponent(KEYS.deb.name)}`,
      `/debian/${KEYS.deb.path}`,
      `/archive/debian/20250521T000000Z/${KEYS.deb.path}`,
    ]);
  });

  it('finds a security update that a point release has taken into the archive', async () => {
    const files = { '/debian/pool/main/o/openssl/openssl_3.5.1-1+deb13u1_arm64.deb': FIXED.body };
    const places = (url: string) => ({ sources: [...mirrorOf(url).sources, `deb ${url}/debian-security trixie-security main`] });
    const { asked, ...found } = await ensure([FIXED], { files, places });
    expect(found).toMatchObject({ error: undefined, kept: [true] });
    expect(asked[0]).toBe(`/debian-security/${FIXED.deb.path}`);
  });

  it('takes no other bytes from anywhere: not of a mirror, a release, or the pool itself', async () => {
    const other = randomBytes(CURL.body.length);
    const files = { [`/debian/${CURL.deb.path}`]: other, [`/snapshot/${CURL.deb.path}`]: CURL.body };
    const laid = {
      [`cache/semeur/pool/${CURL.deb.sha256}/${CURL.deb.name}`]: other,
      [`release/pool/${CURL.deb.sha256}/${CURL.deb.name}`]: other,
    };
    const places = (url: string, folder: string) => ({ ...mirrorOf(url), release: join(folder, 'release'), snapshot: `${url}/snapshot` });
    expect(await ensure([CURL], { files, laid, places })).toMatchObject({ error: undefined, kept: [true] });
    const { error, kept } = await ensure([CURL], { files: { [`/debian/${CURL.deb.path}`]: other }, laid, places });
    expect(kept).toEqual([false]);
    expect((error as Error).message).toContain(`its SHA-256 is ${sha256(other)}`);
  });

  it('names what is nowhere, why, and the way out; what could be had is kept', async () => {
    const { error, kept } = await ensure([CURL, KEYS], { files: { [`/debian/${CURL.deb.path}`]: CURL.body }, places: mirrorOf });
    expect(kept).toEqual([true, false]);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^Cannot get 1 of 2 packages by the lock:\n {2}ca-certificates 1:2025\+b1 \(all\): http:\S+: the server answered 404/,
      ),
      hint: expect.stringMatching(/semeur profile build maison --update.*--with-pool \(pool:\).*snapshot:/),
    });
  });

  it('lets a server be that answers nobody, and says so once for each package', async () => {
    const places = () => ({ sources: ['deb http://127.0.0.1:9/debian trixie main'] });
    const { error } = await ensure([CURL, KEYS], { places });
    expect((error as Error).message.split('\n').slice(1)).toEqual([
      '  curl 8.14.1-2 (arm64): 127.0.0.1:9: no server answers there',
      '  ca-certificates 1:2025+b1 (all): 127.0.0.1:9: no server answers there',
    ]);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/curl.deb', 'data:application/octet-stream;base64,YQ=='])(
    'follows no mirror to %s',
    async (location) => {
      const { error, kept } = await ensure([CURL], { behave: () => ({ status: 302, headers: { Location: location } }), places: mirrorOf });
      expect(kept).toEqual([false]);
      expect((error as Error).message).toContain('it leads to an address that is not http or https');
    },
  );

  it('goes on within a package whose connection was cut', async () => {
    let count = 0;
    const behave = () => (count++ === 0 ? { cutAfter: 5000 } : {});
    const { error, kept, asked } = await ensure([CURL], { files: { [`/debian/${CURL.deb.path}`]: CURL.body }, behave, places: mirrorOf });
    expect({ error, kept, asked: asked.length }).toEqual({ error: undefined, kept: [true], asked: 2 });
  });

  it('says of a lock of an older Semeur that it does not know where a package lies', async () => {
    const { sha256: hash, name } = CURL.deb;
    const { error } = await ensure([{ ...CURL, deb: { sha256: hash, name } as SampleDeb['deb'] }], { places: mirrorOf });
    expect((error as Error).message).toContain('curl 8.14.1-2 (arm64): the lock is of an older Semeur');
  });
});
