import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../builder/seed/render.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';

const ROOT = join(import.meta.dirname, '../..');

async function renderPage(client: object, settings: object): Promise<string> {
  const file = join(ROOT, 'overlays/website/index.html.hbs');
  return compileTemplate(file, await readFile(file, 'utf8'))({ client, operator: { name: 'Les Racines' }, settings });
}

describe('the website overlay', () => {
  it('renders each example client, escaped and in their language', async () => {
    const { clients } = await loadWorkspace(join(ROOT, 'examples'));
    for (const client of clients.values()) {
      const settings = client.settings['website'] ?? {};
      const page = await renderPage(client, settings);
      expect(page).toMatch(`<html lang="${client.language}">`);
      expect(page.match(/<h1>/g)).toHaveLength(1);
      expect(page.match(/<p>/g)).toHaveLength(3);
      expect(page).not.toMatch(/<script|style=/);
      // Every sign that means something in HTML came as an entity.
      expect(page.replaceAll(/<\/?[a-z][^<>]*>|<!doctype html>/g, '')).not.toMatch(/[<>]|&(?![a-z]+;|#\w+;)/);
    }
  });

  it('is titled with the name of a client who says nothing', async () => {
    const page = await renderPage({ name: "L'Herbier", language: 'en', hostname: 'h' }, { title: '', text: '' });
    expect(page).toMatch(/<title>L(&#\w+;|&apos;|')Herbier<\/title>/);
    expect(page).toContain('hosted on the premises');
  });
});
