import { describe, expect, it } from 'vitest';
import { parseImageName, parsePinnedImage } from '../../builder/workspace/image-name.ts';
import { readWorkspace } from '../../builder/workspace/load.ts';
import { type Files, findIn, VALID, withWorkspace } from './sample-workspace.ts';

const DIGEST = 'ab'.repeat(32);
const PINNED = `registry.example:5000/racines/notes@sha256:${DIGEST}`;
const PROFILE = 'profiles/maison.yaml';

/** A service that is a container; `text` takes the place of `old` in its overlay.yaml. */
function notes(old = '', text = ''): Files {
  const overlay = `overlay: notes
title: { fr: Notes, en: Notes }
summary: { fr: Un bloc-notes, en: A notebook }
container:
  image: ${PINNED}
  licence: MIT AND BSD-3-Clause
  port: 80
  publish: 8090
  volumes:
    - { from: /var/lib/notes, to: /data, owner: "33:33" }
front: notes
needs: { memory: 30MiB }
`;
  expect(overlay).toContain(old);
  return {
    'overlays/notes/overlay.yaml': overlay.replace(old, text),
    'overlays/notes/files/etc/caddy/semeur.d/notes.caddy': '',
    [PROFILE]: `${VALID[PROFILE]}`.replace('[blog]', '[blog, notes]'),
  };
}

const find = (files: Files) => withWorkspace(files, findIn);
const inOverlay = async (old: string, text: string) =>
  (await find(notes(old, text))).map((finding) => finding.replace(/^overlays\/notes\/overlay.yaml:/, ''));

describe('parseImageName()', () => {
  it('reads hosts, names, tags and digests as other programs for images do', () => {
    expect(parseImageName('notes')).toEqual({ host: undefined, name: 'notes', tag: undefined, digest: undefined });
    expect(parseImageName('library/notes:31-apache')).toEqual({ host: undefined, name: 'library/notes', tag: '31-apache', digest: undefined });
    expect(parsePinnedImage(PINNED)).toEqual({ host: 'registry.example:5000', name: 'racines/notes', tag: undefined, digest: DIGEST });
    expect(parsePinnedImage(`localhost/a/b__c:x@sha256:${DIGEST}`)).toMatchObject({ host: 'localhost', name: 'a/b__c', tag: 'x' });
    for (const wrong of ['', 'Notes', 'a//b', 'https://registry.example/notes', 'a@sha256:12', 'a b', '../a', `a@sha512:${DIGEST}`]) {
      expect(parseImageName(wrong)).toBeUndefined();
    }
  });
});

describe('semeur check, of a container', () => {
  it('finds nothing wrong with one that is pinned, free and behind the front door', async () => {
    expect(await find(notes())).toEqual([]);
  });

  it('finds a tag without a digest, and says how to get one', async () => {
    const files = notes(PINNED, 'library/notes:2');
    const { findings } = await withWorkspace(files, (folder) => readWorkspace(folder));
    expect(findings).toMatchObject([
      {
        file: PROFILE,
        message: 'Nothing says which image "notes" is: a name alone means another one each month',
        hint: expect.stringContaining(`skopeo inspect --no-tags --format '{{.Digest}}' docker://HOST/library/notes:2`),
      },
    ]);
    const pinned = { ...files, 'semeur.yaml': `${VALID['semeur.yaml']}images:\n  notes: ${PINNED}\n` };
    expect(await find(pinned)).toEqual([]);
    const tagged = { ...files, 'semeur.yaml': `${VALID['semeur.yaml']}images: { notes: "registry.example/notes:2" }\n` };
    expect((await find(tagged)).at(-1)).toContain('semeur.yaml:10:18: error: Expected an image by its digest');
    const other = { ...notes(), 'semeur.yaml': `${VALID['semeur.yaml']}images:\n  blog: ${PINNED}\n` };
    expect(await find(other)).toEqual(['semeur.yaml:11:3: error: No service "blog" is a container']);
  });

  it('finds licences that are not free, or none of SPDX', async () => {
    expect(await inOverlay('MIT AND BSD-3-Clause', 'AGPL-3.0-or-later')).toEqual([]);
    expect(await inOverlay('MIT AND BSD-3-Clause', 'MIT AND SSPL-1.0')).toEqual([
      expect.stringMatching(/^6:12: error: Expected free software: "SSPL-1.0"/),
    ]);
    expect(await inOverlay('MIT AND BSD-3-Clause', 'BUSL-1.1')).toEqual([expect.stringContaining('Expected free software')]);
    expect(await inOverlay('MIT AND BSD-3-Clause', 'as it is')).toEqual(['6:12: error: Expected a licence as SPDX calls it']);
  });

  it('finds what would open it wider', async () => {
    expect(await inOverlay('port: 80', 'port: 80\n  capabilities: [CHOWN, SYS_ADMIN]')).toEqual([
      expect.stringMatching(/^8:25: error: Expected "CHOWN" or/),
    ]);
    expect(await inOverlay('front: notes', 'front: notes\nports: [{ port: 8090, reach: lan }]')).toEqual([
      '12:17: error: Only the card itself reaches a container',
    ]);
    expect(await inOverlay('from: /var/lib/notes', 'from: /etc')).toEqual(['10:15: error: Expected a folder below "/var/lib"']);
    expect(await inOverlay('front: notes\n', '')).toEqual(['4:1: error: Nobody reaches this container: it has no place on the front door']);
    expect(await inOverlay('needs: { memory: 30MiB }\n', '')).toEqual([expect.stringContaining('Missing "needs: memory:"')]);
    expect(await inOverlay('port: 80', 'port: 80\n  settings: /etc/semeur/notes.env')).toEqual(['8:13: error: No template writes this file']);
  });

  it('finds cards that it would not run on', async () => {
    const bookworm = 'profile: maison\nbase: raspios-lite-arm64\nraspios: { suite: bookworm }\nboards: [pi4]\nservices: [blog, notes]\n';
    expect(await find({ ...notes(), [PROFILE]: bookworm })).toEqual([
      expect.stringContaining('5:18: error: Cannot run the container "notes" on Debian 12'),
    ]);
    const small = bookworm.replace('bookworm', 'trixie').replace('[pi4]', '[pi4, zero2w]');
    expect(await find({ ...notes(), [PROFILE]: small })).toEqual([expect.stringMatching(/4:15: warning: A zero2w has 512.0 MiB of memory/)]);
  });
});
