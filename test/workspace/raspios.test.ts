import { describe, expect, it } from 'vitest';
import { raspiosSource } from '../../builder/profile/raspios.ts';
import { loadOperator } from '../../builder/workspace/load.ts';
import { findIn, VALID, withWorkspace } from './sample-workspace.ts';

const findInProfile = (base: string, raspios: string) => {
  const text = `profile: maison\nbase: ${base}\nraspios: { ${raspios} }\nboards: [pi3, pi4]\nservices: [blog]\n`;
  return withWorkspace({ 'profiles/maison.yaml': text, 'images/own.img': '' }, findIn);
};
const withSource = <T>(raspios: string, task: (folder: string) => Promise<T>) =>
  withWorkspace({ 'semeur.yaml': `${VALID['semeur.yaml']}raspios: { ${raspios} }\n`, 'keys/mirror.asc': '' }, task);

describe('what a profile says of Raspberry Pi OS', () => {
  it.each(['suite: bookworm, release: 2026-06-18', 'image: images/own.img', 'image: ./images/own.img, suite: bookworm'])(
    'may be %s',
    async (raspios) => {
      expect(await findInProfile('raspios-lite-arm64', raspios)).toEqual([]);
    },
  );

  it.each([
    ['suite: bullseye', '3:19: error: Expected "trixie" or "bookworm"'],
    ['release: 2026-13-01', '3:21: error: Expected a date such as "2026-06-18"'],
    ['image: images/own.img, release: 2026-06-18', '3:35: error: An image of your own has no release in the list'],
    ['image: images/none.img', '3:19: error: Cannot find "images/none.img"'],
    ['image: /images/own.img', '3:19: error: Expected a path from the workspace'],
    ['image: semeur.yaml', '3:19: error: Expected an image that ends with ".img", ".img.xz" or ".zip"'],
    ['list: here', '3:12: error: Unknown key "list"'],
  ])('may not be %s', async (raspios, found) => {
    expect(await findInProfile('raspios-lite-arm64', raspios)).toEqual([`profiles/maison.yaml:${found}`]);
  });

  it('has no place beside another base', async () => {
    expect(await findInProfile('debian-arm64', 'suite: trixie')).toEqual([
      'profiles/maison.yaml:3:1: error: The base "debian-arm64" is no Raspberry Pi OS',
    ]);
  });
});

describe('where an operator takes Raspberry Pi OS from', () => {
  it.each([
    ['list: list.json', '10:18: error: Expected the address of a list of images'],
    ['list: "https://me:secret@mirror.example/list"', '10:18: error: Expected an address with no user and no password'],
    ['keys: keys/none.asc', '10:18: error: Cannot find "keys/none.asc"'],
    ['signers: [8738CD6B956F460C]', '10:22: error: Expected the fingerprint of an OpenPGP key, 40 hexadecimal digits'],
    ['archive: here', '10:21: error: Expected the http or https address of a Debian mirror'],
    ['signature: always', '10:23: error: Expected "optional" or "required"'],
  ])('may not be %s', async (raspios, found) => {
    expect(await withSource(raspios, findIn)).toEqual([`semeur.yaml:${found}`]);
  });

  it('is the official list, unless the workspace says otherwise', async () => {
    expect(raspiosSource('/w', undefined)).toMatchObject({ list: expect.stringMatching(/^https:.*_v4\.json$/), signers: [], required: false });
    const said =
      'list: "https://mirror.example/list", keys: keys/mirror.asc, signers: [54C3 DD61 0D9D 1B4A F82A 3775 8738 CD6B 956F 460C], signature: required';
    await withSource(said, async (folder) => {
      expect(await findIn(folder)).toEqual([]);
      expect(raspiosSource(folder, await loadOperator(folder))).toEqual({
        list: 'https://mirror.example/list',
        keys: `${folder}/keys/mirror.asc`,
        signers: ['54C3 DD61 0D9D 1B4A F82A 3775 8738 CD6B 956F 460C'],
        required: true,
      });
    });
  });
});
