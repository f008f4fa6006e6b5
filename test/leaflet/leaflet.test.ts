import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import jsqr from 'jsqr';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { type Leaflet, renderLeaflet } from '../../builder/leaflet/leaflet.ts';
import { findBarriers, measureOverflow, openBrowser } from '../browser.ts';

const LINK = 'https://images.racines.example/d/Zm9vYmFyYmF6cXV4cXV1eA';
const LEAFLET: Leaflet = {
  ...{ language: 'fr', large: false, hasLight: true, name: "L'Herbier d'Émilie & Cie", hostname: 'herbier', phone: '02 99 00 43 21' },
  contact: { operator: 'Les Racines <SCIC>', email: 'aide@racines.example', phone: '01 99 00 12 34' },
  services: ['Site web', 'Agenda et contacts', 'Fichiers et photos', 'Messagerie', 'Dossiers synchronisés', 'Sauvegardes'],
  secrets: {
    ...{ code: 'AB2C-D3EF', account: 'lherbier', password: 'abcd-efgh-jkmn', backupKey: 'fmat-p89k-9axj-ez4v-kmfy-py3m-kned' },
    people: [{ title: 'Nom de la deuxième personne dans la messagerie', name: 'lea', password: 'bcde-fghj-kmnp' }],
  },
};
const SECRETS = ['AB2C-D3EF', 'abcd-efgh-jkmn', 'bcde-fghj-kmnp', 'fmat-p89k-9axj-ez4v-kmfy-py3m-kned'];

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function withLeaflet<T>(leaflet: Leaflet, width: number, task: (page: Awaited<ReturnType<Browser['newPage']>>) => Promise<T>): Promise<T> {
  const page = await browser.newPage({ viewport: { width, height: 1000 } });
  try {
    await page.setContent(renderLeaflet(leaflet));
    return await task(page);
  } finally {
    await page.close();
  }
}

/** Prints it on A4, as Chromium does. */
async function countSheets(leaflet: Leaflet): Promise<number> {
  const pdf = await withLeaflet(leaflet, 794, (page) => page.pdf({ preferCSSPageSize: true }));
  return pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
}

/** In the page: its code as red, green, blue and opacity of 240 × 240 points. */
const DRAW = `(async () => {
  const [image, side] = [new Image(), 240];
  const text = new XMLSerializer().serializeToString(document.querySelector('.qr'));
  image.src = 'data:image/svg+xml,' + encodeURIComponent(text);
  await image.decode();
  const context = new OffscreenCanvas(side, side).getContext('2d');
  context.drawImage(image, 0, 0, side, side);
  return { data: [...context.getImageData(0, 0, side, side).data], side };
})()`;

/** What a telephone reads of a drawing of this page. */
async function readQrCode(leaflet: Leaflet): Promise<string | undefined> {
  const { data, side } = await withLeaflet(leaflet, 794, (page) => page.evaluate<{ data: number[]; side: number }>(DRAW));
  return jsqr.default(Uint8ClampedArray.from(data), side, side)?.data;
}

describe('the leaflet', () => {
  it.each([
    ['fr', false],
    ['fr', true],
    ['en', false],
    ['en', true],
  ] as const)('in language "%s", large print %s, has no barrier and needs no scrolling sideways, wide and narrow', async (language, large) => {
    for (const width of [1280, 320]) {
      await withLeaflet({ ...LEAFLET, language, large, link: LINK }, width, async (page) => {
        expect(await findBarriers(page)).toEqual([]);
        expect(await measureOverflow(page)).toBeLessThanOrEqual(0);
      });
    }
  });

  it('is one sheet of A4 with everything that there can be, and two in large print', async () => {
    expect([await countSheets({ ...LEAFLET, link: LINK }), await countSheets({ ...LEAFLET, language: 'en', link: LINK })]).toEqual([1, 1]);
    expect(await countSheets({ ...LEAFLET, large: true, link: LINK })).toBe(2);
  });

  it('has a code that a telephone reads: the download page, or the way to the card', async () => {
    expect(await readQrCode({ ...LEAFLET, link: LINK })).toBe(LINK);
    expect(await readQrCode(LEAFLET)).toBe('http://herbier.local/');
  });

  it('shows every secret below the fold, and none above it', () => {
    const [above = '', below = ''] = renderLeaflet(LEAFLET).split('Pliez ici');
    expect(SECRETS.filter((secret) => above.includes(secret))).toEqual([]);
    expect(SECRETS.filter((secret) => !below.includes(secret))).toEqual([]);
  });

  it('fetches nothing, and takes names for text', () => {
    const text = renderLeaflet(LEAFLET);
    expect(text).not.toMatch(/<(?:script|img|link)\b|\bsrc=|url\(|@import/);
    expect(text).toContain('Les Racines &#60;SCIC&#62;');
  });
});

describe('semeur client leaflet', () => {
  it('writes it for its owner alone, and the same again, with a PDF', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semeur-leaflet-'));
    try {
      await cp(join(findCheckout(), 'examples'), folder, { recursive: true });
      const argv = [
        '--disable-warning=ExperimentalWarning',
        join(findCheckout(), 'cli/main.ts'),
        'client',
        'leaflet',
        'durand',
        '--workspace',
        folder,
      ];
      const run = (...flags: string[]) => promisify(execFile)(process.execPath, [...argv, ...flags], { cwd: folder });
      expect((await run('--pdf')).stdout).toBe('out/durand.leaflet.html\nout/durand.leaflet.pdf\n');
      const [html, pdf] = [join(folder, 'out/durand.leaflet.html'), join(folder, 'out/durand.leaflet.pdf')];
      expect([(await stat(html)).mode & 0o777, (await stat(pdf)).mode & 0o777]).toEqual([0o600, 0o600]);
      expect((await readFile(pdf)).subarray(0, 5).toString()).toBe('%PDF-');
      const first = await readFile(html, 'utf8');
      await run();
      expect(await readFile(html, 'utf8')).toBe(first);
      await expect(run('--link', 'http://images.example')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('https://') });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
