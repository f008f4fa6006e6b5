import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMessage, generateKey, type PrivateKey, type PublicKey, sign } from 'openpgp';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureOsImage } from '../../builder/raspios/os-image.ts';
import { OFFICIAL_SOURCE, type OsImageSource } from '../../builder/raspios/os-image-source.ts';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { startServer } from '../fetch/image-server.ts';
import { createQuietSession, withCache } from '../image/sample-prefix.ts';
import { createPatience, listEntry, makeDisk, packXz, renderList } from './sample-image.ts';

const PATH = '/2026-06-18-raspios-trixie-arm64-lite.img.xz';
const DISK = makeDisk();

interface Pair {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicKey;
}

let mirror: Pair;
let stranger: Pair;

beforeAll(async () => {
  const make = (name: string) => generateKey({ type: 'ecc', userIDs: [{ name }], format: 'object' });
  [mirror, stranger] = await Promise.all([make('mirror'), make('stranger')]);
});

const fingerprint = ({ publicKey }: Pair) => publicKey.getFingerprint();

async function signBy({ privateKey }: Pair, bytes: Buffer): Promise<string> {
  return sign({ message: await createMessage({ binary: bytes }), signingKeys: privateKey, detached: true, format: 'armored' });
}

interface Case {
  /** What stands beside the image; undefined: nothing. */
  readonly signature?: (image: Buffer) => Promise<string | Uint8Array>;
  readonly keys?: string;
  /** Where they are, if not in a file of the workspace. */
  readonly keysUrl?: string;
  readonly source?: Partial<OsImageSource>;
}

/** Fetches a signed image, from a mirror whose key the workspace has. */
async function fetchSigned({ signature, keys = mirror.publicKey.armor(), keysUrl, source = {} }: Case, local = false) {
  return withCache(async (folder) => {
    const packed = await packXz(folder, DISK);
    const files: Record<string, Buffer> = { [PATH]: packed };
    if (signature) files[`${PATH}.sig`] = Buffer.from(await signature(packed));
    await using server = await startServer(files);
    files['/list.json'] = renderList(listEntry(`${server.url}${PATH}`, DISK, packed));
    if (local) for (const name of [PATH, `${PATH}.sig`]) if (files[name]) await writeFile(join(folder, name), files[name]);
    await writeFile(join(folder, 'keys.asc'), keys);
    files['/keys.asc'] = Buffer.from(keys);
    const full = {
      ...OFFICIAL_SOURCE,
      list: `${server.url}/list.json`,
      keys: join(folder, 'keys.asc'),
      signers: [fingerprint(mirror)],
      ...source,
      ...(keysUrl !== undefined && { keys: `${server.url}${keysUrl}` }),
    };
    const session = createQuietSession();
    const choice = local ? { file: PATH.slice(1) } : {};
    const done = await ensureOsImage(session, choice, { source: full, folder, patience: createPatience() }).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    const names = await readdir(cacheFolder('os-image'), { recursive: true }).catch(() => []);
    const asked = server.requests.map(({ url }) => url);
    return { done, warnings: session.warnings, kept: names.filter((name) => /raw|part|download$/.test(name)), asked };
  });
}

const RIGHT = (image: Buffer) => signBy(mirror, image);
const WELL = { done: 'taken', warnings: [] };

describe('the signature of an image', () => {
  it.each([false, true])('is checked, where a workspace trusts the key; an image of its own: %s', async (local) => {
    expect(await fetchSigned({ signature: RIGHT, source: { required: true } }, local)).toMatchObject(WELL);
  });

  it('may be binary, the keys several, and a fingerprint written in groups', async () => {
    const binary = async (image: Buffer) => {
      const { privateKey: signingKeys } = mirror;
      return sign({ message: await createMessage({ binary: image }), signingKeys, detached: true, format: 'binary' });
    };
    const keys = `${stranger.publicKey.armor()}\n${mirror.publicKey.armor()}`;
    const signers = [
      fingerprint(mirror)
        .replaceAll(/(.{4})/g, '$1 ')
        .trim(),
    ];
    expect(await fetchSigned({ signature: binary, keys, source: { signers } })).toMatchObject(WELL);
  });

  it.each([false, true])('is wrong when it is of another file: nothing is kept; an image of its own: %s', async (local) => {
    const { done, kept } = await fetchSigned({ signature: () => signBy(mirror, Buffer.from('another')) }, local);
    expect(done).toMatch(/lite\.img\.xz": its signature is wrong; nothing is kept$/);
    expect(kept).toEqual([]);
  });

  it('is wrong when it is by a key that nobody trusts, even if the file of keys has it: nothing is kept', async () => {
    const keys = `${mirror.publicKey.armor()}\n${stranger.publicKey.armor()}`;
    const { done, kept } = await fetchSigned({ signature: (image) => signBy(stranger, image), keys });
    expect(done).toMatch(/it is signed by the key [0-9A-F]{16}, which is not trusted; nothing is kept$/);
    expect(kept).toEqual([]);
  });

  it('is wrong when it is none: nothing is kept', async () => {
    const { done, kept } = await fetchSigned({ signature: async () => '<html>not found</html>' });
    expect(done).toMatch(/what stands as its signature is none; nothing is kept$/);
    expect(kept).toEqual([]);
  });

  it('is missed in a sentence where there is none, or where the keys lack the signer', async () => {
    const missed = await fetchSigned({});
    expect(missed).toMatchObject({ done: 'taken', warnings: [expect.stringContaining('there is no signature beside it')] });
    const lacking = await fetchSigned({ signature: RIGHT, keys: stranger.publicKey.armor() });
    expect(lacking).toMatchObject({ done: 'taken', warnings: [expect.stringContaining("the file of keys lacks the signer's")] });
  });

  it('is checked by keys from an address, and missed in a sentence when they cannot be had', async () => {
    expect(await fetchSigned({ signature: RIGHT, keysUrl: '/keys.asc' })).toMatchObject(WELL);
    const missed = await fetchSigned({ signature: RIGHT, keysUrl: '/none.asc' });
    expect(missed).toMatchObject({ done: 'taken', warnings: [expect.stringContaining("the signer's key can't be fetched")] });
  });

  it('is required where the workspace says so: without one, the image is not even downloaded', async () => {
    const { done, kept, asked } = await fetchSigned({ source: { required: true } });
    expect(done).toMatch(/there is no signature beside it, and this workspace requires it$/);
    expect(kept).toEqual([]);
    expect(asked).not.toContain(PATH);
    const lacking = await fetchSigned({ signature: RIGHT, keys: stranger.publicKey.armor(), source: { required: true } });
    expect(lacking.done).toContain("lacks the signer's, and this workspace requires it");
    // With the right keys, the next run need not download it again.
    expect(lacking.kept.filter((name) => name.includes('raw'))).toEqual([]);
  });

  it('cannot be checked with a file of keys that holds none', async () => {
    const { done } = await fetchSigned({ signature: RIGHT, keys: 'hello' });
    expect(done).toMatch(/the file of keys holds none$/);
  });
});
