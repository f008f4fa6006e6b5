import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeServiceWorkspace } from '../../builder/cards/try-service.ts';
import { overlaysOf } from '../../builder/profile/contents.ts';
import { ensureClientKeys } from '../../builder/seed/keys.ts';
import { BUILT_IN } from '../../builder/workspace/built-in.ts';
import { findClient, findProfile } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-overlay-test-'));
  await cp(join(import.meta.dirname, '../../examples'), folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('makeServiceWorkspace()', () => {
  it("makes one that nothing is wrong with, for each service of Semeur's and the operator's", async () => {
    const own = join(folder, 'overlays', 'notes');
    await mkdir(own, { recursive: true });
    await writeFile(
      join(own, 'overlay.yaml'),
      'overlay: notes\ntitle: { fr: Notes, en: Notes }\nsummary: { fr: Des notes., en: Notes. }\npackages: []\n',
    );
    const operator = await readFile(join(folder, 'semeur.yaml'), 'utf8');
    await writeFile(join(folder, 'semeur.yaml'), `${operator}\nimages: { nextcloud: "registry.example/nextcloud@sha256:${'ab'.repeat(32)}" }\n`);
    const workspace = await loadWorkspace(folder);
    const services = [...workspace.overlays.values()].filter(({ overlay }) => !BUILT_IN.includes(overlay));
    expect(services.map(({ overlay }) => overlay)).toEqual(expect.arrayContaining(['website', 'backup', 'notes']));
    for (const service of services) {
      const made = await loadWorkspace(await makeServiceWorkspace(workspace, service));
      const profile = findProfile(made, findClient(made, 'tried').profile);
      expect(overlaysOf(made, profile).map(({ overlay }) => overlay)).toContain(service.overlay);
      expect(made.operator).toMatchObject({ vpn: { endpoints: ['192.0.2.10:51820'] }, home: { url: 'https://192.0.2.10:8443' } });
    }
  });

  it('issues new keys each time, and keeps the lock of the profile', async () => {
    const workspace = await loadWorkspace(folder);
    const website = workspace.overlays.get('website');
    if (!website) throw new Error('there is no website');
    const made = await makeServiceWorkspace(workspace, website);
    const lock = join(made, 'profiles', 'tried.lock');
    await writeFile(lock, 'pinned\n');
    const { token } = await ensureClientKeys(made, 'tried');
    await mkdir(join(made, 'home'));
    await makeServiceWorkspace(workspace, website);
    expect((await ensureClientKeys(made, 'tried')).token).not.toBe(token);
    expect(await readFile(lock, 'utf8')).toBe('pinned\n');
    await expect(stat(join(made, 'home'))).rejects.toThrow('ENOENT');
  });

  it("leaves out where the operator's own home listens, which a trial's network has not", async () => {
    const operator = await readFile(join(folder, 'semeur.yaml'), 'utf8');
    await writeFile(join(folder, 'semeur.yaml'), operator.replace(/^home:\n/m, 'home:\n  listen: "203.0.113.7:8443"\n'));
    const workspace = await loadWorkspace(folder);
    expect(workspace.operator.home.listen).toBe('203.0.113.7:8443');
    const made = await loadWorkspace(await makeServiceWorkspace(workspace, { overlay: 'website' }));
    expect(made.operator).toEqual({
      ...workspace.operator,
      vpn: expect.anything(),
      home: expect.not.objectContaining({ listen: '203.0.113.7:8443' }),
    });
  });
});
