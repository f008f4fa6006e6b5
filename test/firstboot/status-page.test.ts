import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../bench/free-port.ts';
import { findBarriers, measureOverflow, openBrowser } from '../browser.ts';
import { removeMade } from '../seed/seed-key.ts';
import { type Card, DASH } from './card.ts';
import { CODE, carryOutRequests, wellCard } from './well-card.ts';

let browser: Browser;
const servers: ChildProcess[] = [];
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.kill();
  await removeMade();
});

/** The card's own web server, which systemd's socket starts there. @returns its page's URL. */
async function serve(card: Card): Promise<string> {
  const port = await findFreePort();
  const argv = ['httpd', '-f', '-p', `127.0.0.1:${port}`, '-h', card.path('usr/lib/semeur/status'), '-c', '/dev/null'];
  servers.push(spawn('busybox', argv, { env: { ...process.env, ROOT: card.root }, stdio: 'ignore' }));
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const [event] = await Promise.race([once(socket, 'connect').then(() => ['connect']), once(socket, 'error')]).catch(() => ['error']);
    socket.destroy();
    if (event === 'connect') return `http://127.0.0.1:${port}/`;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function withPage<T>(url: string, options: Parameters<Browser['newPage']>[0], task: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage(options);
  try {
    await page.goto(url);
    return await task(page);
  } finally {
    await page.close();
  }
}

const STATES = ['working', 'done', 'away', 'needs-help'];

describe('the status page in Chromium', () => {
  describe.each(['fr', 'en'])('in language "%s"', (language) => {
    it.each(STATES)('has no barrier when it says "%s", narrow and wide, light and dark', async (state) => {
      const card = await wellCard({ language });
      await writeFile(card.path('run/semeur/state'), `${state === 'away' ? 'done' : state}\n`);
      if (state === 'away') await writeFile(card.path('run/semeur/away'), '');
      await writeFile(
        card.path(`run/semeur/told.${language}`),
        'Une phrase qui est assez longue pour une ligne, et http://exemple.fr/un-mot-qui-ne-se-coupe-pas-du-tout\n',
      );
      await card.run(DASH, 'write-status');
      const url = await serve(card);
      for (const width of [320, 1280]) {
        for (const colorScheme of ['light', 'dark'] as const) {
          const found = await withPage(`${url}?said=off`, { viewport: { width, height: 800 }, colorScheme }, async (page) => ({
            barriers: await findBarriers(page),
            overflow: await measureOverflow(page),
            language: await page.locator('html').getAttribute('lang'),
          }));
          expect({ width, colorScheme, ...found }).toEqual({ width, colorScheme, barriers: [], overflow: 0, language });
        }
      }
    });
  });

  it('lets remote access be cut by keyboard alone, without JavaScript, and says so where a screen reader reads first', async () => {
    const card = await wellCard();
    const stop = carryOutRequests(card, DASH);
    try {
      await withPage(await serve(card), { javaScriptEnabled: false }, async (page) => {
        await page.keyboard.press('Tab');
        await page.keyboard.type(CODE.toLowerCase());
        await page.keyboard.press('Enter');
        await page.waitForURL(/said=off/);
        expect(await page.getByRole('status').textContent()).toMatch(/coupé/);
        expect(await page.getByRole('textbox').getAttribute('name')).toBe('code');
      });
    } finally {
      await stop();
    }
    expect(await card.read('var/lib/semeur/remote-access')).toBe('off\n');
  });

  it('says in the same place that a code is wrong', async () => {
    const card = await wellCard({ language: 'en' });
    const stop = carryOutRequests(card, DASH);
    try {
      await withPage(await serve(card), {}, async (page) => {
        await page.getByLabel(/code/i).fill('nonsense');
        await page.getByRole('button').click();
        await page.waitForURL(/said=wrong-code/);
        expect(await page.getByRole('status').textContent()).toMatch(/code/);
        expect(await findBarriers(page)).toEqual([]);
      });
    } finally {
      await stop();
    }
  });
});
