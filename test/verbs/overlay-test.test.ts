import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeServiceWorkspace } from '../../builder/cards/try-service.ts';
import { overlaysOf } from '../../builder/profile/contents.ts';
import { ensureClientKeys } from '../../builder/seed/keys.ts';
import { BUILT_IN } from '../../builder/workspace/check-services.ts';
import { findClient, findProfile } from '../../builder/workspace/find-named.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { reportExamination } from '../../cli/verbs/overlay-test.ts';

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
});

describe('reportExamination()', () => {
  it('is well where all is, whatever programs said meanwhile', () => {
    const report = reportExamination('notes', 'well answers\nWarning: its unit changed\n');
    expect(report).toEqual({ json: { overlay: 'notes', said: ['well answers'] }, text: ['well  answers'], exitCode: 0 });
  });

  it('shows what programs said where something is ill', () => {
    const said = ['well answers', 'ill lets itself be examined: exit code 127'];
    const report = reportExamination('notes', `${said[0]}\ndump: not found\n${said[1]}\n`);
    expect(report).toEqual({
      ...{ json: { overlay: 'notes', said }, exitCode: 1 },
      text: ['well  answers', 'dump: not found', 'ill   lets itself be examined: exit code 127'],
    });
  });

  it('is ill where nothing was found', () => {
    expect(reportExamination('notes', '')).toMatchObject({ exitCode: 1 });
  });
});
