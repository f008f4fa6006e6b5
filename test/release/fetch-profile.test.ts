import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyFile } from '../../builder/cards/verify-file.ts';
import { hashImage } from '../../builder/image/decode.ts';
import { SUMS, SUMS_SIGNATURE } from '../../builder/release/folder/sums.ts';
import { fetchProfile } from '../../builder/release/taking/fetch-profile.ts';
import { semeur } from '../card/cards.ts';
import { createQuietSession } from '../image/sample-prefix.ts';
import { VALID } from '../workspace/sample-workspace.ts';
import { type Fetching, withServer } from './fetching.ts';
import { makeKey, releaseNext, writeFiles } from './sample-release.ts';

const fetchInto = ({ other, server, signers }: Fetching) => fetchProfile(createQuietSession(), other, server.url, signers);

describe('taking a published profile', () => {
  it('gives images of clients as from a profile that was built here, in every format', () =>
    withServer(async (fetching) => {
      const { other, folder } = fetching;
      const fetched = await fetchInto(fetching);
      expect(fetched).toMatchObject({ profile: 'maison' });
      await writeFiles(other, { 'clients/durand.yaml': VALID['clients/durand.yaml'] ?? '' });
      const digests = [];
      for (const format of ['xz', 'zst', 'img'] as const) {
        const report = JSON.parse(await semeur('build', 'durand', '--format', format, '--workspace', other, '--json'));
        const [{ image, extracted }] = report.clients;
        const file = join(other, 'out', image.file);
        expect(await hashImage(file, format, new AbortController().signal)).toEqual(extracted);
        digests.push(extracted.sha256);
      }
      expect(new Set(digests).size).toBe(1);
      const signer = (await readFile(join(other, 'secrets', 'seed_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
      const options = { allowedSigners: `semeur namespaces="semeur-seed" ${signer}\n`, settingsOf: () => ['/etc/blog/page.html'] };
      const { seed } = await verifyFile(join(other, 'out', 'durand.img'), { ...options, signal: new AbortController().signal });
      expect(seed).toMatchObject({ client: 'durand', profile: 'maison' });
      expect(await readdir(join(folder, 'cache', 'semeur', 'releases'))).toEqual([]);
      expect(await semeur('check', '--workspace', other)).toContain('All is well');
    }));

  it('takes the profile again after a new release, and writes over no profile of the same name', () =>
    withServer(async (fetching) => {
      await fetchInto(fetching);
      await fetchInto(fetching);
      const lock = join(fetching.other, 'profiles/maison.lock');
      const newer = (await readFile(lock, 'utf8')).replace('1780000000', '1780086400');
      await writeFile(lock, newer);
      // Signed as it was, by whoever holds the web server.
      await expect(fetchInto(fetching)).rejects.toThrow('has the packages of 2026-05-28, and those that are here are of 2026-05-29');
      expect(await readFile(lock, 'utf8')).toBe(newer);
      await rm(lock);
      await fetchInto(fetching);
      await writeFiles(fetching.other, { 'profiles/maison.yaml': 'profile: maison\nbase: debian-arm64\nboards: [pi4]\nservices: []\n' });
      await expect(fetchInto(fetching)).rejects.toThrow('profiles/maison.yaml is here already, and is another');
    }));

  it('writes over no service of the same name, unless it is the same', () =>
    withServer(async (fetching) => {
      const { workspace, other } = fetching;
      await cp(join(workspace, 'overlays'), join(other, 'overlays'), { recursive: true });
      const page = join(other, 'overlays/blog/page.hbs');
      await writeFile(page, 'my own');
      await expect(fetchInto(fetching)).rejects.toThrow('overlays/blog is here already, and is another');
      expect(await readFile(page, 'utf8')).toBe('my own');
      await cp(join(workspace, 'overlays'), join(other, 'overlays'), { recursive: true });
      expect(await fetchInto(fetching)).toMatchObject({ profile: 'maison' });
    }));

  it('fetches of the next release what changed alone, and the same bytes', () =>
    withServer(async (fetching) => {
      const { other, server, files, release, folder, keyFile, workspace } = fetching;
      expect(await fetchInto(fetching)).toMatchObject({ fetched: expect.any(Number), bytes: files['/maison.img.xz']?.length });
      const next = await releaseNext(folder, workspace, release, keyFile);
      Object.assign(files, next);
      const before = server.requests.length;
      const { bytes, fetched } = await fetchInto(fetching);
      expect(fetched).toBeGreaterThan(0);
      expect(fetched).toBeLessThan(bytes / 2);
      expect(await readFile(join(other, 'out', 'profiles', 'maison.img.xz'))).toEqual(next['/maison.img.xz']);
      const asked = server.requests.slice(before).filter(({ url }) => url === '/maison.img.xz');
      expect(asked.every(({ headers }) => /^bytes=\d+-\d+$/.test(headers.range ?? ''))).toBe(true);
    }));

  it('asks for nothing but the list before its signature holds, and changes nothing in the workspace when it does not', () =>
    withServer(async (fetching) => {
      const { other, server, files, folder } = fetching;
      const before = await readdir(other, { recursive: true });
      const stranger = await readFile(`${await makeKey(folder, 'stranger')}.pub`, 'utf8');
      const signers = `release namespaces="semeur-release" ${stranger}`;
      await expect(fetchProfile(createQuietSession(), other, server.url, signers)).rejects.toThrow('no signature of its SHA256SUMS');
      expect(server.requests.map(({ url }) => url)).toEqual([`/${SUMS}`, `/${SUMS_SIGNATURE}`, '/release-keys.txt']);
      const image = files['/maison.img.xz'] ?? Buffer.alloc(0);
      image.writeUInt8(image.readUInt8(1000) ^ 1, 1000);
      await expect(fetchInto(fetching)).rejects.toThrow('maison.img.xz');
      expect(await readdir(other, { recursive: true })).toEqual(before);
    }));

  it('is refused where the cards would take no seed of this workspace', () =>
    withServer(async (fetching) => {
      await rm(join(fetching.other, 'secrets'), { recursive: true });
      await expect(fetchInto(fetching)).rejects.toThrow("this workspace's key is not there");
    }));
});
