import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTACT, type OpenDownloads, withDownloads } from './open-downloads.ts';
import { enrol, issue } from './open-home.ts';

const SMALL = { bytes: 50_000 };
const LANGUAGES = {
  fr: { ended: 'Cette adresse n&#39;ouvre rien', busy: 'Trop de demandes viennent de chez vous' },
  en: { ended: 'This address opens nothing', busy: 'Too many requests come from your place' },
};

type Link = ReturnType<OpenDownloads['link']>;

/** All that a link opens but what the page becomes once the card has called. */
const secretsOf = ({ steps, imagePath }: Link) => [`${steps}/durand.rpi-imager-manifest`, `${steps}/semeur.seed`, imagePath];
const pathsOf = (link: Link) => [link.steps, `${link.steps}/called`, ...secretsOf(link)];

/** What has to be in no page: the seed, and all that names the client or leads to their image. */
async function readForbidden({ plans }: OpenDownloads, { page, image }: Link) {
  const { client, tail } = JSON.parse(await readFile(join(plans, 'durand.json'), 'utf8'));
  // An address says itself what is in it: of the other capability it is to say nothing.
  return (path: string) => [client.seed, tail, client.name, path.includes(page) ? image : page];
}

/** Every one of the paths answers so, with a page that says whom to ask, in each language. */
async function expectHelp(downloads: OpenDownloads, link: Link, paths: readonly string[], status: number, title: 'ended' | 'busy', visitor?: string) {
  const forbidden = await readForbidden(downloads, link);
  for (const [language, words] of Object.entries(LANGUAGES)) {
    for (const path of paths) {
      const headers = { 'accept-language': language, ...(visitor !== undefined && { 'x-forwarded-for': visitor }) };
      const answer = await downloads.get(path, { headers });
      expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']], path).toEqual([
        ...[status, 'text/html; charset=utf-8', 'no-store'],
      ]);
      for (const word of [`<html lang="${language}">`, words[title], `mailto:${CONTACT.email}`, 'tel:+33123456789'])
        expect(answer.text).toContain(word);
      for (const secret of forbidden(path)) expect(answer.text, path).not.toContain(secret);
    }
  }
}

describe('an address that has ended', () => {
  it.each<[string, (downloads: OpenDownloads) => unknown]>([
    ['its days are over', ({ home }) => home.database.sql('UPDATE download_links SET expires_at = ?').run(Date.now() - 1)],
    ['its image is too old to be claimed by', ({ home }) => home.database.sql('UPDATE orders SET token_expires = ?').run(Date.now() - 1)],
    ['the card was issued anew', ({ home }) => home.take(issue('durand', { generation: 2 }).order)],
    ['the card was revoked', ({ home, issued }) => home.take({ ...issued.order, revoked: true })],
  ])('helps, and tells no secret, when %s', async (_, end) => {
    await withDownloads(async (downloads) => {
      const link = downloads.link();
      expect((await downloads.get(link.steps)).text).toContain('Famille Durand');
      await end(downloads);
      await expectHelp(downloads, link, pathsOf(link), 410, 'ended');
    }, SMALL);
  });

  it('does so of all that is secret when the card has called', async () => {
    await withDownloads(async (downloads) => {
      const link = downloads.link();
      await enrol(downloads.home, downloads.issued);
      await expectHelp(downloads, link, secretsOf(link), 410, 'ended');
    }, SMALL);
  });

  it('does so to who guesses, and to who guesses too often, even when one guess is right', async () => {
    const free = { burst: 1e9, perSecond: 1e9, most: 1000 };
    const limits = { visits: free, guesses: { burst: 10, perSecond: 0, most: 1000 }, slots: { each: 9, together: 9 } };
    await withDownloads(
      async (downloads) => {
        const link = downloads.link();
        const wrong = { ...link, steps: `/d/${'A'.repeat(24)}`, imagePath: `/i/${'A'.repeat(24)}/durand.img.xz` };
        await expectHelp(downloads, link, pathsOf(wrong), 404, 'ended', '192.0.2.7');
        await expectHelp(downloads, link, [...pathsOf(link), ...pathsOf(wrong)], 429, 'busy', '192.0.2.7');
      },
      { ...SMALL, limits },
    );
  });
});
