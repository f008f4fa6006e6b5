import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

/** A real Chromium without a window, of the machine's own packages. Closed by the caller. */
export async function openBrowser(): Promise<Browser> {
  // Chromium's sandbox refuses root, and what is shown is our own.
  return chromium.launch({ executablePath: '/usr/bin/chromium-headless-shell', chromiumSandbox: process.getuid?.() !== 0 });
}

/** What axe finds wrong, a line each: the rule, why, and where. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Not by a script element: the pages' own policy lets none in.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

/** Pixels that one has to scroll sideways. */
export async function measureOverflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
