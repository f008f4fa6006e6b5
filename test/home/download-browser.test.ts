import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, measureOverflow, openBrowser } from '../browser.ts';
import { withDownloads } from './open-downloads.ts';
import { enrol } from './open-home.ts';

const SMALL = { bytes: 50_000 };

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** A browser without JavaScript but for what the test itself runs in it, and what it complained of. */
async function withPage<T>(url: string, task: (page: Page, complaints: string[]) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 320, height: 800 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.location().url.endsWith('/favicon.ico') || complaints.push(message.text()));
  try {
    await page.goto(url);
    return await task(page, complaints);
  } finally {
    await context.close();
  }
}

/** Narrow and light; as wide as a laptop, at 200 %; wide and dark. */
async function examine(url: string): Promise<unknown> {
  return withPage(url, async (page, complaints) => {
    const found = [];
    for (const [width, colorScheme] of [
      [320, 'light'],
      [640, 'light'],
      [1280, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      // At 200 % it is the same page, with other lines.
      found.push(...(width === 640 ? [] : await findBarriers(page)), await measureOverflow(page));
    }
    return { found, complaints, language: await page.locator('html').getAttribute('lang') };
  });
}

describe('the download page in Chromium', () => {
  it.each(['fr', 'en'] as const)('has no barrier, before and after the call, and where there is nothing, in language "%s"', async (language) => {
    await withDownloads(async ({ link, place, home, issued }) => {
      const { steps } = link({ language });
      const nothingWrong = { found: [0, 0, 0], complaints: [], language };
      for (const path of [steps, `${steps}/called`]) expect(await examine(`http://${place}${path}`), path).toEqual(nothingWrong);
      await enrol(home, issued);
      expect(await examine(`http://${place}${steps}`)).toEqual(nothingWrong);
      const nothing = (await examine(`http://${place}/d/nothing?language=${language}`)) as typeof nothingWrong;
      // That it is not found, the browser complains of itself.
      expect({ ...nothing, complaints: [] }).toEqual(nothingWrong);
    }, SMALL);
  });

  it('is read in its order, with pictures that tell themselves, and prints what it says', async () => {
    await withDownloads(async ({ link, place }) => {
      const { steps, imagePath } = link({ language: 'en' });
      await withPage(`http://${place}${steps}`, async (page) => {
        expect(await page.getByRole('heading').allTextContents()).toEqual([
          'Famille Durand: make your card',
          '1. Get the programme and your file',
          '2. Write the card',
          '3. Plug it in',
          'With another programme',
          'I wrote the image that is the same for everybody',
        ]);
        const pictures = await page.getByRole('img').all();
        expect(await Promise.all(pictures.map((picture) => picture.getAttribute('aria-label')))).toEqual([
          'A file goes from the internet to a computer',
          'A memory card goes into the computer',
          'A small box with a memory card, a network cable and a power cable',
        ]);
        await page.keyboard.press('Tab');
        expect(await page.evaluate('document.activeElement.textContent')).toBe('Français');
        await page.emulateMedia({ media: 'print' });
        expect(await page.getByRole('link', { name: 'Français' }).count()).toBe(0);
        for (const name of ['Get my file', 'Get my small file']) expect(await page.getByRole('link', { name }).isVisible()).toBe(true);
        expect((await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeLessThanOrEqual(2);
        const download = page.waitForEvent('download');
        await page.locator(`a[href="${imagePath}"]`).click();
        expect((await download).suggestedFilename()).toBe('durand.img.xz');
      });
    }, SMALL);
  });

  it('turns by itself, once the card has called, from the page that waits', async () => {
    await withDownloads(async ({ link, place, home, issued }) => {
      await withPage(`http://${place}${link({ language: 'en' }).steps}`, async (page) => {
        await page.getByRole('link', { name: 'See whether it has called' }).click();
        expect(await page.getByRole('heading').textContent()).toBe('Your card has not called yet');
        await enrol(home, issued);
        await page.getByRole('heading', { name: 'Famille Durand: your card has called' }).waitFor({ timeout: 40_000 });
      });
    }, SMALL);
  });
});
