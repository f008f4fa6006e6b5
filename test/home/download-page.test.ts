import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyUsedPlans } from '../../home/download/used-plans.ts';
import { imageCapability } from '../../home/store/download-links.ts';
import { createLogOf, type OpenDownloads, URL, withDownloads } from './open-downloads.ts';
import { enrol, heartbeatOf } from './open-home.ts';
import type { Answer } from './requests-to-home.ts';

const SMALL = { bytes: 50_000 };
const DAY = 86_400_000;
const EN = { headers: { 'accept-language': 'en' } };

/** The path of the page that tells of no secret. */
function whyOf({ status, text }: Answer): [number, string] {
  return [status, /<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? ''];
}

/** All that a link opens. */
function pathsOf({ steps, imagePath }: ReturnType<OpenDownloads['link']>): string[] {
  return [steps, `${steps}/called`, `${steps}/durand.rpi-imager-manifest`, `${steps}/semeur.seed`, imagePath];
}

describe('the download page', () => {
  it('has the steps, the sizes and the three ways, in the language of the client or another, in less than 14 kB', async () => {
    await withDownloads(async ({ link, get }) => {
      const { steps, imagePath } = link();
      for (const [path, language, words] of [
        [
          steps,
          'fr',
          ['Famille Durand\u00a0: faire votre carte', 'carte microSD de 8', 'environ 1 minute', 'Prendre mon petit fichier', 'ouvre jusqu'],
        ],
        [
          `${steps}?language=en`,
          'en',
          ['Famille Durand: make your card', 'microSD card of 8', 'about 1 minute', 'Get my small file', 'It opens until'],
        ],
      ] as const) {
        const { status, text, headers } = await get(path);
        expect(status).toBe(200);
        expect(text).toContain(`<html lang="${language}">`);
        for (const word of words) expect(text).toContain(word);
        for (const href of [imagePath, `${steps}/semeur.seed`, '/public/maison.img.xz', 'mailto:aide@racines.example', 'tel:+33123456789'])
          expect(text).toContain(`href="${href}"`);
        expect(Buffer.byteLength(text)).toBeLessThan(14_000);
        expect(text).not.toMatch(/<script|<img|style=|https?:\/\/(?!www\.raspberrypi\.com)/);
        expect(headers).toMatchObject({
          ...{
            'cache-control': 'no-store',
            'referrer-policy': 'no-referrer',
            'x-robots-tag': 'noindex, nofollow',
            'x-content-type-options': 'nosniff',
          },
          'content-security-policy': expect.stringMatching(
            /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-/,
          ),
        });
        expect(headers['set-cookie']).toBeUndefined();
      }
    }, SMALL);
  });

  it('gives Raspberry Pi Imager a list of one image, with its hashes, that opens the image and not the page', async () => {
    await withDownloads(async ({ link, get, out }) => {
      const { steps, page, image } = link({ language: 'en' });
      const { headers, text } = await get(`${steps}/durand.rpi-imager-manifest`);
      expect(headers['content-type']).toBe('application/vnd.raspberrypi.imager-manifest+json');
      const built = JSON.parse(await readFile(join(out, 'durand.json'), 'utf8'));
      const device = { description: 'Card of Famille Durand', icon: `${URL}/icon.svg`, matching_type: 'exclusive' };
      expect(JSON.parse(text)).toEqual({
        imager: {
          devices: [
            { ...device, name: 'Raspberry Pi 3', tags: ['pi3-64bit'] },
            { ...device, name: 'Raspberry Pi 4', tags: ['pi4-64bit'] },
          ],
        },
        os_list: [
          {
            ...{ name: 'Card of Famille Durand', description: 'Made by Les Racines for this home alone', icon: `${URL}/icon.svg` },
            ...{ url: `${URL}/i/${image}/durand.img.xz`, extract_size: built.extracted.bytes, extract_sha256: built.extracted.sha256 },
            ...{ image_download_size: built.image.bytes, image_download_sha256: built.image.sha256 },
            ...{ release_date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), devices: ['pi3-64bit', 'pi4-64bit'], init_format: 'none' },
          },
        ],
      });
      expect(text).not.toContain(page);
      expect(imageCapability(page)).toBe(image);
      for (const path of [`/d/${image}`, `/d/${image}/semeur.seed`, `/i/${page}/durand.img.xz`]) expect((await get(path)).status).toBe(404);
      expect((await get('/icon.svg')).text).toContain('<svg');
    });
  });

  it('gives the seed that build wrote, and the image for everybody with its checksum', async () => {
    await withDownloads(async ({ link, get, out, place }) => {
      const seed = await fetch(`http://${place}${link().steps}/semeur.seed`);
      expect(Buffer.from(await seed.arrayBuffer()).equals(await readFile(join(out, 'durand.seed')))).toBe(true);
      expect(seed.headers.get('content-disposition')).toBe('attachment; filename="semeur.seed"');
      const { headers, status } = await get('/public/maison.img.xz', { method: 'HEAD' });
      expect([status, headers['cache-control'], headers['x-robots-tag']]).toEqual([200, 'public, max-age=86400', undefined]);
      expect((await get('/public/SHA256SUMS')).text).toBe(`${String(headers['etag']).replaceAll('"', '')}  maison.img.xz\n`);
      for (const path of ['/public/durand.img.xz', '/public/..%2fdurand.img.xz', '/public/maison.json', '/public/', '/public/.img.xz'])
        expect((await get(path)).status).toBe(404);
    });
  });

  it('opens nothing without its capability, when it has ended, and to who guesses too often, right or wrong', async () => {
    const few = { burst: 1e9, perSecond: 1e9, most: 1000 };
    const limits = { visits: few, guesses: { burst: 5, perSecond: 0, most: 1000 }, slots: { each: 9, together: 9 } };
    await withDownloads(
      async ({ link, get, home, issued }) => {
        const good = link();
        const wrong = { ...good, steps: `/d/${'A'.repeat(24)}`, imagePath: `/i/${'A'.repeat(24)}/durand.img.xz` };
        for (const path of pathsOf(wrong)) expect(whyOf(await get(path, EN))).toEqual([404, 'This address opens nothing']);
        for (const path of [good.steps, good.imagePath]) expect(whyOf(await get(path, EN))).toEqual([429, 'Too many requests come from your place']);
        // Another place is none the worse for it; that what was told of it first was made up changes nothing.
        const elsewhere = { headers: { 'accept-language': 'en', 'x-forwarded-for': '192.0.2.9, 192.0.2.1' } };
        expect((await get(good.steps, elsewhere)).status).toBe(200);
        home.database.sql('UPDATE download_links SET expires_at = ?').run(Date.now() - 1);
        for (const path of pathsOf(good)) expect(whyOf(await get(path, elsewhere))).toEqual([410, 'This address opens nothing']);
        const next = link();
        for (const path of pathsOf(good)) expect((await get(path, elsewhere)).status, path).toBe(404);
        await home.take({ ...issued.order, revoked: true });
        for (const path of pathsOf(next))
          expect(whyOf(await get(path, { headers: { ...elsewhere.headers, 'x-forwarded-for': '192.0.2.2' } }))[0]).toBe(410);
      },
      { ...SMALL, limits },
    );
  });

  it('becomes the page of what the card says, once it has called, and its secrets are gone', async () => {
    await withDownloads(async ({ link, get, home, issued, plans, logged }) => {
      const opened = link({ language: 'en' });
      const [steps, called, ...secrets] = pathsOf(opened) as [string, string, ...string[]];
      const waiting = await get(called);
      expect(whyOf(waiting)).toEqual([200, 'Your card has not called yet']);
      expect(waiting.headers['refresh']).toBe('15');
      const database = { database: home.database, log: createLogOf(logged) };
      await emptyUsedPlans(plans, database);
      expect((await get(steps)).text).toContain('Get my file');
      const address = await enrol(home, issued);
      for (const path of secrets) expect(whyOf(await get(path, EN))).toEqual([410, 'This address opens nothing']);
      for (const path of [steps, called]) {
        const { text, headers } = await get(path);
        expect(text).toMatch(/Your card has called: \w+day,? \d+ \w+ at \d\d:\d\d\. It is getting ready/);
        expect(text).toContain('href="http://durand.local/calendar/">Calendar and contacts');
        expect(headers['refresh']).toBe('15');
        expect(Buffer.byteLength(text)).toBeLessThan(14_000);
      }
      await home.tunnel('/v1/heartbeat', heartbeatOf({ report: 'done' }), address);
      home.database.sql("UPDATE heartbeats SET body = json_set(body, '$.report', 'done')").run();
      const before = await readFile(join(plans, 'durand.json'), 'utf8');
      await emptyUsedPlans(plans, database);
      const { tail, client } = JSON.parse(await readFile(join(plans, 'durand.json'), 'utf8'));
      expect([tail, client.seed, client.name]).toEqual([undefined, undefined, 'Famille Durand']);
      // The operators send it once more.
      await writeFile(join(plans, 'durand.json'), before);
      await emptyUsedPlans(plans, database);
      expect(await readFile(join(plans, 'durand.json'), 'utf8')).not.toContain('seed');
      expect((await get(steps)).text).toContain('calendar');
      expect(logged.filter((line) => line.includes('its secrets are gone'))).toHaveLength(2);
    }, SMALL);
  });

  it('waits while the operators have not sent the image of this very order', async () => {
    await withDownloads(async ({ link, get, plans }) => {
      const opened = link({ language: 'en' });
      const file = join(plans, 'durand.json');
      const plan = JSON.parse(await readFile(file, 'utf8'));
      await writeFile(file, JSON.stringify({ ...plan, client: { ...plan.client, tokenSha256: 'b'.repeat(64) } }));
      expect(whyOf(await get(opened.steps))).toEqual([200, 'Your card is being prepared']);
      expect(whyOf(await get(opened.imagePath, EN))).toEqual([503, 'Your card is being prepared']);
      await rm(file);
      expect(whyOf(await get(opened.steps))).toEqual([200, 'Your card is being prepared']);
    }, SMALL);
  });

  it('takes GET and HEAD alone, and no more downloads at once than it can', async () => {
    const free = { burst: 1e9, perSecond: 1e9, most: 1000 };
    await withDownloads(
      async ({ link, get, place }) => {
        const { imagePath, steps } = link();
        for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await get(steps, { method })).status).toBe(404);
        expect((await get(steps, { method: 'HEAD' })).status).toBe(200);
        const ending = new AbortController();
        await fetch(`http://${place}${imagePath}`, { signal: ending.signal });
        expect(whyOf(await get(imagePath, EN))).toEqual([429, 'Too many requests come from your place']);
        expect((await get(steps)).status).toBe(200);
        ending.abort();
        await expect.poll(async () => (await get(imagePath, { method: 'GET', headers: { range: 'bytes=0-9' } })).status).toBe(206);
      },
      { bytes: 30_000_000, limits: { visits: free, guesses: free, slots: { each: 1, together: 1 } } },
    );
  });

  it('shows what a client is called, whatever it is', async () => {
    await withDownloads(async ({ link, get, plans }) => {
      const file = join(plans, 'durand.json');
      const plan = JSON.parse(await readFile(file, 'utf8'));
      await writeFile(file, JSON.stringify({ ...plan, client: { ...plan.client, name: '"><script>alert(1)</script>' } }));
      const { steps } = link();
      expect((await get(steps)).text).not.toContain('<script');
      expect((await get(`${steps}?language="><script>`)).text).not.toContain('<script');
    }, SMALL);
  });

  it('gives a link its days', async () => {
    await withDownloads(async ({ link, home }) => {
      const expires = Date.now() + 3 * DAY;
      const { page } = link({ expires });
      const row = home.database.sql('SELECT * FROM download_links').get() ?? {};
      expect(row['expires_at']).toBe(expires);
      expect(page).toMatch(/^[\w-]{24}$/);
      expect(JSON.stringify(row)).not.toContain(page);
    }, SMALL);
  });
});
