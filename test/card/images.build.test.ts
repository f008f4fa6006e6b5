import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ClientManifest } from '../../builder/image/client-image.ts';
import { decodeImage, hashImage } from '../../builder/image/decode.ts';
import { prefixFile } from '../../builder/image/prefix.ts';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { runCommand } from '../../kit/command.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { sameForAll, unpackByAll } from '../image/flashers.ts';
import { buildCards, CARDS, loadCardsPrefix, readSecrets, semeur } from './cards.ts';

const CLIENTS = ['bakery', 'durand', 'lherbier'];
const never = new AbortController().signal;
let manifests: Map<string, ClientManifest>;

function manifestOf(client: string, among = manifests): ClientManifest {
  const manifest = among.get(client);
  if (!manifest) throw new Error(`no manifest of ${client}`);
  return manifest;
}

async function sha256Of(argv: readonly string[]): Promise<string> {
  const pipe = ['sh', '-c', '"$@" | sha256sum', 'sh', ...argv];
  return (await runCommand(pipe)).toString('utf8').slice(0, 64);
}

beforeAll(async () => {
  manifests = await buildCards();
});

describe('an .img.xz', () => {
  it('is one stream, of the size that its JSON says', async () => {
    const { image, extracted } = manifestOf('durand');
    const list = (await runCommand(['xz', '--robot', '--list', join(CARDS, 'out', image.file)])).toString('utf8');
    const [, streams, , , uncompressed] = list.match(/^totals\t.*$/m)?.[0].split('\t') ?? [];
    expect({ streams, uncompressed }).toEqual({ streams: '1', uncompressed: String(extracted.bytes) });
  });

  it('decodes whole in all flashers, in one that stops after the first stream too', async () => {
    const { image, extracted } = manifestOf('lherbier');
    const file = join(CARDS, 'out', image.file);
    expect(await unpackByAll('xz', file)).toEqual(sameForAll('xz', extracted));
    expect(await hashImage(file, 'img', never)).toEqual({ bytes: image.bytes, sha256: image.sha256 });
  });

  it('has the bytes it had before, when it is built again', async () => {
    const again = await buildCards();
    expect([...again.values()].map(({ image }) => image.sha256)).toEqual([...manifests.values()].map(({ image }) => image.sha256));
  });

  it('is readable by the operator alone, as its seed is', async () => {
    for (const file of ['durand.img.xz', 'durand.seed']) expect((await stat(join(CARDS, 'out', file))).mode & 0o777, file).toBe(0o600);
    expect((await stat(join(CARDS, 'out', 'profiles', 'maison.img.xz'))).mode & 0o044).toBe(0o044);
  });

  it('is what "semeur verify" trusts, until one byte of it is changed', async () => {
    const file = join(CARDS, 'out', 'durand.img.xz');
    expect(await semeur('verify', '--workspace', CARDS, file)).toContain('client "durand"');
    const at = manifestOf('durand').image.bytes - 5000;
    const handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
    await expect(semeur('verify', '--workspace', CARDS, file)).rejects.toThrow('another SHA-256');
    await handle.write(byte, 0, 1, at);
    await handle.close();
  });
});

describe('an .img.zst', () => {
  it('decodes whole in all flashers', async () => {
    const { image, extracted } = manifestOf('durand', await buildCards('--format', 'zst'));
    expect(image.format).toBe('zst');
    expect(await unpackByAll('zst', join(CARDS, 'out', image.file))).toEqual(sameForAll('zst', extracted));
  });
});

describe("two clients' images", () => {
  it('are identical but for the last 4 MiB, which hold nothing of the other', async () => {
    // Both formats are of the same disk, as the tests before have seen, and this one is unpacked in no time.
    const compressed = await buildCards('--format', 'zst');
    const regions = new Map<string, Buffer>();
    const heads = new Set<string>();
    for (const client of CLIENTS) {
      const { image, seed } = manifestOf(client, compressed);
      expect(image.format).toBe('zst');
      const hash = createHash('sha256');
      const region: Buffer[] = [];
      let at = 0;
      for await (const chunk of decodeImage(join(CARDS, 'out', image.file), 'zst')) {
        const cut = Math.min(Math.max(seed.offset - at, 0), chunk.length);
        hash.update(chunk.subarray(0, cut));
        region.push(Buffer.from(chunk.subarray(cut)));
        at += chunk.length;
      }
      heads.add(hash.digest('hex'));
      regions.set(client, Buffer.concat(region));
    }
    expect(heads.size).toBe(1);
    for (const client of CLIENTS) {
      expect(regions.get(client)?.length).toBe(REGION_BYTES);
      for (const secret of await readSecrets(client)) {
        for (const [other, region] of regions) expect(region.includes(secret), `${client}'s secret in ${other}'s region`).toBe(client === other);
      }
    }
  });

  it('hold no secret before the seed region', async () => {
    const prefix = await readFile(prefixFile((await loadCardsPrefix(manifestOf('durand'))).digest, 'img'));
    const secrets = (await Promise.all(CLIENTS.map(readSecrets))).flat();
    const signingKey = (await readFile(join(CARDS, 'secrets', 'seed_key'), 'utf8')).split('\n')[3] ?? '';
    const hub = JSON.parse(await readFile(join(CARDS, 'secrets', 'hub.json'), 'utf8'));
    for (const secret of [...secrets, signingKey, hub.privateKey]) {
      expect(secret.length).toBeGreaterThan(20);
      expect(prefix.includes(secret)).toBe(false);
      expect(prefix.includes(Buffer.from(secret, 'base64'))).toBe(false);
    }
    // The search does find what is there.
    expect(prefix.includes('semeur-early.service')).toBe(true);
  });

  it('have file systems that e2fsck and fsck.vfat find clean', async () => {
    await withWorkFolder(async (work) => {
      const raw = prefixFile((await loadCardsPrefix(manifestOf('durand'))).digest, 'img');
      const cut = (name: string, startMib: number, mib: number) =>
        runCommand(['dd', `if=${raw}`, `of=${join(work.path, name)}`, 'bs=1M', `skip=${startMib}`, `count=${mib}`, 'conv=sparse', 'status=none']);
      const { partitions } = JSON.parse(await semeur('inspect', '--json', join(CARDS, 'out', 'durand.img.xz')));
      const [boot, root] = partitions.map(({ start, bytes }: { start: number; bytes: number }) => [start / 1024 / 1024, bytes / 1024 / 1024]);
      await cut('boot', boot[0], boot[1]);
      await cut('root', root[0], root[1]);
      await runCommand(['fsck.vfat', '-n', join(work.path, 'boot')]);
      await runCommand(['e2fsck', '-fn', join(work.path, 'root')]);
    });
  });
});

describe('the public image of a profile', () => {
  it('is the same prefix with an empty seed region', async () => {
    const { extracted } = JSON.parse(await readFile(join(CARDS, 'out', 'profiles', 'maison.json'), 'utf8'));
    expect(await sha256Of(['xz', '-dc', join(CARDS, 'out', 'profiles', 'maison.img.xz')])).toBe(extracted.sha256);
    expect(await semeur('inspect', join(CARDS, 'out', 'profiles', 'maison.img.xz'))).toContain('public image');
  });
});
