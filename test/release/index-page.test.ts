import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, measureOverflow, openBrowser } from '../browser.ts';
import { withRelease } from './sample-release.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

describe("a release's page in Chromium", () => {
  it.each(['fr', 'en'] as const)('has no barrier at 320 and 1280 px, leads to every file, and is small, in language "%s"', async (language) =>
    withRelease(
      async ({ release }) => {
        const context = await browser.newContext({ javaScriptEnabled: true });
        const page = await context.newPage();
        try {
          await page.goto(String(pathToFileURL(join(release, 'index.html'))));
          for (const width of [320, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            expect([await findBarriers(page), await measureOverflow(page)], `${width} px`).toEqual([[], 0]);
          }
          expect(await page.locator('html').getAttribute('lang')).toBe(language);
          expect(await page.locator('td a').allTextContents()).toContain('maison.intoto.json');
          expect(Buffer.byteLength(await page.content())).toBeLessThan(14_000);
        } finally {
          await context.close();
        }
      },
      (making) => ({ ...making, workspace: { ...making.workspace, operator: { ...making.workspace.operator, language } } }),
    ),
  );
});
