import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findImagerComplaints } from '../rpi-imager/imager-list.ts';
import { withDownloads } from './open-downloads.ts';

const NAMES = ['Famille Durand', 'L\'Été : "nous" \\ <b>', '日本 🌱'];

/** The manifest as a browser gets it. */
async function fetchManifest(change: { language: 'fr' | 'en'; name?: string; boards?: readonly string[] }): Promise<string> {
  return withDownloads(
    async ({ link, get, plans }) => {
      const file = join(plans, 'durand.json');
      const plan = JSON.parse(await readFile(file, 'utf8'));
      const client = { ...plan.client, name: change.name ?? plan.client.name };
      await writeFile(file, JSON.stringify({ ...plan, client, boards: change.boards ?? plan.boards }));
      const { status, text } = await get(`${link({ language: change.language }).steps}/durand.rpi-imager-manifest`);
      expect(status).toBe(200);
      return text;
    },
    { bytes: 50_000 },
  );
}

describe("what home gives Raspberry Pi Imager, by the program's own schema", () => {
  it.each([
    ['fr', 'Carte'],
    ['en', 'Card'],
  ] as const)('is a list that it takes, in language "%s", whatever the client is called, for all models', async (language, word) => {
    for (const name of NAMES) {
      const text = await fetchManifest({ language, name, boards: ['pi3', 'pi4', 'pi5', 'zero2w'] });
      expect(findImagerComplaints(text), name).toEqual([]);
      const [entry] = JSON.parse(text).os_list;
      expect(entry.name).toContain(word);
      expect(entry.name).toContain(name);
    }
  });

  it('would be refused without any one of the things that it wants, or with one of another kind', async () => {
    const list = JSON.parse(await fetchManifest({ language: 'fr' }));
    const [entry] = list.os_list;
    const [device] = list.imager.devices;
    const complaints = (change: object) => findImagerComplaints(JSON.stringify({ ...list, ...change }));
    const wanted = ['name', 'description', 'icon', 'url', 'extract_size', 'extract_sha256', 'image_download_size', 'release_date', 'devices'];
    for (const key of wanted)
      expect(complaints({ os_list: [{ ...entry, [key]: undefined }] }), key).toContain(`/os_list/0 must have required property '${key}'`);
    for (const key of ['name', 'description', 'tags'])
      expect(complaints({ imager: { devices: [{ ...device, [key]: undefined }] } }), key).toEqual([
        `/imager/devices/0 must have required property '${key}'`,
      ]);
    for (const wrong of [{ extract_size: '5' }, { init_format: 'ours' }, { devices: 'pi4-64bit' }])
      expect(complaints({ os_list: [{ ...entry, ...wrong }] }), JSON.stringify(wrong)).not.toEqual([]);
    expect(complaints({ imager: { ...list.imager, more: 1 } })).toEqual(['/imager must NOT have additional properties']);
    expect(complaints({})).toEqual([]);
  });
});
