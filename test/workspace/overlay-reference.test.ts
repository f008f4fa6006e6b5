import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderOverlayReference } from '../../builder/workspace/overlay-reference.ts';
import { readOverlays } from '../../builder/workspace/overlays.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('docs/', () => {
  it('has every key of overlay.yaml (else: ./semeur overlay reference > docs/overlay-reference.md)', async () => {
    expect(await readFile(join(ROOT, 'docs/overlay-reference.md'), 'utf8')).toBe(renderOverlayReference());
  });

  it('names every service that comes with Semeur, and its place on the front door', async () => {
    const page = await readFile(join(ROOT, 'docs/overlays.md'), 'utf8');
    const { overlays } = await readOverlays(join(ROOT, 'examples'));
    const services = [...overlays.values()].flatMap(({ value }) => (value?.front === undefined ? [] : [value]));
    expect(services.length).toBeGreaterThan(2);
    for (const { overlay, front } of services) expect(page).toMatch(new RegExp(`\\| \`${overlay}\` \\|.*\`/${front}/\``));
  });
});

describe('the services that come with Semeur', () => {
  it('each say how their health is checked, what to back up, and what they cost', async () => {
    const { overlays } = await readOverlays(join(ROOT, 'examples'));
    for (const { value } of overlays.values())
      if (value?.front !== undefined)
        expect(value).toMatchObject({ health: expect.any(String), backup: expect.anything(), energy: expect.anything() });
  });
});
