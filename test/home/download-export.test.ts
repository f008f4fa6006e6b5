import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addClientPage } from '../../cli/verbs/client-page.ts';
import { createQuietSession, withCache } from '../image/sample-prefix.ts';
import { findImagerComplaints } from '../rpi-imager/imager-list.ts';
import { withHome } from './home-process.ts';
import { writeBytePlan } from './open-downloads.ts';

/** `semeur client page …`, in this process. */
async function exportPage(workspace: string, ...args: string[]): Promise<void> {
  const client = new Command('client').exitOverride();
  addClientPage(client, async (verb) => void (await verb({ ...createQuietSession(), workspace })));
  await client.parseAsync(['page', ...args], { from: 'user' });
}

it('client page writes the page in both languages, with all that it leads to, for any web server', async () => {
  await withHome(async (folder) => {
    await withCache(async (cache) => {
      const places = { plans: join(folder, 'out', 'downloads'), prefixes: join(cache, 'cache', 'semeur', 'prefixes'), file: join(folder, 'whole') };
      const plan = await writeBytePlan(places, 700_000, 'a'.repeat(64));
      const out = join(folder, 'www');
      await exportPage(folder, 'durand', '--out', out, '--url', 'https://pages.example/k3v9/');
      const files = ['durand.img.xz', 'durand.rpi-imager-manifest', 'en.html', 'fr.html', 'icon.svg', 'index.html', 'semeur.seed'];
      expect((await readdir(out)).sort()).toEqual(files);
      const read = (file: string) => readFile(join(out, file));
      expect((await read('durand.img.xz')).equals(await readFile(places.file))).toBe(true);
      const manifest = (await read('durand.rpi-imager-manifest')).toString();
      expect(findImagerComplaints(manifest)).toEqual([]);
      const [entry] = JSON.parse(manifest).os_list;
      expect([entry.url, entry.image_download_sha256]).toEqual(['https://pages.example/k3v9/durand.img.xz', plan.sha256]);
      expect((await read('index.html')).equals(await read('fr.html'))).toBe(true);
      const hrefs = [...(await read('index.html')).toString().matchAll(/href="([^":]+)"/g)].map(([, href]) => href);
      expect(hrefs).toEqual(['en.html', 'durand.rpi-imager-manifest', 'durand.img.xz', 'semeur.seed']);
      await expect(exportPage(folder, 'martin', '--out', out, '--url', 'https://pages.example/')).rejects.toThrow('what "martin" may download');
    });
  });
});

it('client page begins in the language of the client, and a web server can read all of it, whatever the umask', async () => {
  await withHome(async (folder) => {
    await withCache(async (cache) => {
      const places = { plans: join(folder, 'out', 'downloads'), prefixes: join(cache, 'cache', 'semeur', 'prefixes') };
      await writeBytePlan(places, 1000, 'a'.repeat(64));
      await mkdir(join(folder, 'clients'));
      await writeFile(join(folder, 'clients/durand.yaml'), 'client: durand\nlanguage: en\n');
      const out = join(folder, 'www', 'k3v9');
      const before = process.umask(0o077);
      try {
        await exportPage(folder, 'durand', '--out', out, '--url', 'https://pages.example/k3v9');
      } finally {
        process.umask(before);
      }
      expect(await readFile(join(out, 'index.html'), 'utf8')).toBe(await readFile(join(out, 'en.html'), 'utf8'));
      expect((await stat(out)).mode & 0o777).toBe(0o755);
      for (const file of await readdir(out)) expect((await stat(join(out, file))).mode & 0o777, file).toBe(0o644);
    });
  });
});
