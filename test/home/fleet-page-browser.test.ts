import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findBarriers, measureOverflow, openBrowser } from '../browser.ts';
import { closeHomes, issue, type OpenHome } from './open-home.ts';
import { openFleet, PASSWORD } from './page-visitor.ts';
import { beatOf } from './sample-fleet.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());
afterEach(closeHomes);

interface Look {
  readonly session?: string;
  readonly width?: number;
  readonly locale?: string;
}

async function withPage<T>(
  home: OpenHome,
  path: string,
  { session, width = 1280, ...options }: Look,
  task: (page: Page, complaints: string[]) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, ...options });
  const url = `http://127.0.0.1:${home.ports.page}`;
  if (session !== undefined) await context.addCookies([{ name: 'session', value: session, url }]);
  const page = await context.newPage();
  const complaints: string[] = [];
  // What the pages' policy keeps out is told here; an icon that nobody has is no matter.
  page.on('console', (message) => message.location().url.endsWith('/favicon.ico') || complaints.push(message.text()));
  try {
    await page.goto(`${url}${path}`);
    return await task(page, complaints);
  } finally {
    await context.close();
  }
}

/** Narrow and light, wide and dark: the colours are the same at any width. */
async function examine(home: OpenHome, path: string, look: Look): Promise<unknown> {
  return withPage(home, path, look, async (page, complaints) => {
    const found = [];
    for (const [width, colorScheme] of [
      [320, 'light'],
      [1280, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      found.push(...(await findBarriers(page)), await measureOverflow(page));
    }
    return { path, found, complaints, language: await page.locator('html').getAttribute('lang') };
  });
}

const nothingWrong = (path: string, language: string) => ({ path, found: [0, 0], complaints: [], language });

describe('the fleet page in Chromium', () => {
  it.each([
    [0, 'fr'],
    [1, 'en'],
    [50, 'fr'],
    [10_000, 'en'],
  ])('has no barrier with %i cards, in language "%s", narrow and wide, light and dark', async (count, locale) => {
    const { home, session } = await openFleet(count);
    const path = count > 50 ? '/?text=client-0&state=well&page=3' : '/';
    expect(await examine(home, path, { session, locale })).toEqual(nothingWrong(path, locale));
  });

  // With an alarm; without a tunnel, and with a report; ordered.
  it.each([
    ['fr', [3, 8]],
    ['en', [7]],
  ])('has none on the page of a card, and at the log-in, in language "%s"', async (locale, numbers) => {
    const { home, session } = await openFleet(8);
    home.database.sql('INSERT INTO reports VALUES (?, 1, ?)').run('client-00007', 'No tunnel: udp-blocked\nup 60 s');
    for (const path of numbers.map((number) => `/clients/client-0000${number}`)) {
      expect(await examine(home, path, { session, locale })).toEqual(nothingWrong(path, locale));
    }
    expect(await examine(home, '/log-in', { locale })).toEqual(nothingWrong('/log-in', locale));
  });

  it('lets somebody log in, find a card and log out by keyboard alone, without JavaScript', async () => {
    const { home } = await openFleet(60);
    const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en' });
    try {
      const page = await context.newPage();
      const press = async (key: string, times = 1) => {
        for (let count = 0; count < times; count++) await page.keyboard.press(key);
      };
      await page.goto(`http://127.0.0.1:${home.ports.page}/`);
      // The skip link is first, and leads past the header.
      await press('Tab');
      await press('Enter');
      await press('Tab');
      await page.keyboard.type('anne');
      await press('Tab');
      await page.keyboard.type('not this');
      await press('Enter');
      expect(await page.getByRole('alert').textContent()).toMatch(/^That is not right/);
      await page.getByLabel('Your name as an operator').fill('anne');
      await press('Tab');
      await page.keyboard.type(PASSWORD);
      await press('Enter');
      await page.waitForURL((url) => url.pathname === '/');
      expect(await page.getByRole('table').getByRole('row').count()).toBe(51);
      await press('Tab');
      await press('Enter');
      await press('Tab');
      await page.keyboard.type('00042');
      await press('Enter');
      await page.waitForURL(/text=00042/);
      expect(await page.getByRole('rowheader').allTextContents()).toEqual(['client-00042']);
      await page.getByRole('link', { name: 'client-00042' }).focus();
      await press('Enter');
      await page.waitForURL(/clients/);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('client-00042: well');
      // Skip link, the list, the language, the button.
      await press('Tab', 4);
      await press('Enter');
      await page.waitForURL(/log-in/);
    } finally {
      await context.close();
    }
  });

  it('is a table for screen readers also where each card is a block, and each cell says what it is', async () => {
    const { home, session } = await openFleet(5);
    await withPage(home, '/', { session, width: 320, locale: 'en' }, async (page) => {
      expect(await page.getByRole('table', { name: 'Cards 1 to 5 of 5, those in trouble first' }).count()).toBe(1);
      expect(await page.getByRole('columnheader').allTextContents()).toContain('Last sign of life');
      expect(await page.getByRole('rowheader').count()).toBe(5);
      const label = "getComputedStyle(document.querySelector('tbody td:nth-child(4)'), '::before').content";
      expect(await page.evaluate(label)).toBe('"Last sign of life: "');
    });
  });

  it('keeps to the width with names as long as they may be, at any zoom, and prints', async () => {
    const { home, session } = await openFleet(3);
    const [client, hostname] = ['c'.repeat(32), 'h'.repeat(63)];
    await home.take(issue(client, { hostname }).order);
    home.database.sql("INSERT INTO heartbeats SELECT ?, at, public_key, '', 1, '', body FROM heartbeats LIMIT 1").run(client);
    const failedUnits = Array.from({ length: 20 }, () => 'u'.repeat(128));
    home.database.sql('UPDATE heartbeats SET body = ? WHERE client = ?').run(JSON.stringify(beatOf({ failedUnits, build: 'b'.repeat(128) })), client);
    // 640 and 320 are 1280 pixels at 200 and 400 %.
    for (const width of [320, 640, 961, 1280]) {
      for (const path of ['/', `/clients/${client}`]) {
        const overflow = await withPage(home, path, { session, width, locale: 'fr' }, measureOverflow);
        expect({ width, path, overflow }).toEqual({ width, path, overflow: 0 });
      }
    }
    await withPage(home, '/', { session, locale: 'fr' }, async (page) => {
      await page.emulateMedia({ media: 'print' });
      expect(await page.getByRole('button').count()).toBe(0);
      expect(await page.getByRole('table').isVisible()).toBe(true);
    });
  });

  it('shows what a hostile card says, and does none of it', async () => {
    const { home, session } = await openFleet(3);
    const evil = '"><script>document.title="evil"</script><img src=x onerror="document.title=\'evil\'">';
    const beat = beatOf({ failedUnits: [evil], build: evil, steps: evil, bootId: evil, serial: evil });
    home.database.sql('UPDATE heartbeats SET body = ?').run(JSON.stringify(beat));
    home.database.sql('UPDATE claims SET inventory = ?, serial = ?').run(JSON.stringify({ serial: evil, model: evil, constructor: evil }), evil);
    home.database.sql('UPDATE alarms SET facts = ?').run(JSON.stringify({ first: evil, second: '</dl><base href=//x>' }));
    home.database.sql('INSERT INTO reports VALUES (?, 1, ?)').run('client-00003', `</pre>${evil}`);
    for (const path of ['/', '/clients/client-00003', `/?text=${encodeURIComponent(evil)}`]) {
      await withPage(home, path, { session, locale: 'en' }, async (page, complaints) => {
        expect(await page.locator('script, img, base').count()).toBe(0);
        expect(await page.title()).not.toBe('evil');
        expect(complaints).toEqual([]);
      });
    }
  });
});
