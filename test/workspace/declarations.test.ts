import { describe, expect, it } from 'vitest';
import { findIn, VALID, withWorkspace } from './sample-workspace.ts';

const OVERLAY = VALID['overlays/blog/overlay.yaml'] ?? '';

describe('readWorkspace(), on what an overlay declares', () => {
  it("takes an overlay's account for somebody whom a setting names, and refuses one of another name, of no setting, or of a setting that takes anything", async () => {
    const title = 'title: { fr: Nom, en: Name }';
    const overlay = (accounts: string, pattern = '') =>
      `${OVERLAY.replace('templates:', `  guest: { ${title}, default: ""${pattern} }\ntemplates:`)}accounts:\n${accounts}`;
    const find = (text: string) => withWorkspace({ 'overlays/blog/overlay.yaml': text }, findIn);
    const pattern = ', pattern: "|[a-z0-9][a-z0-9-]{0,31}"';
    const two = `  - { id: blog, of: guest, ${title} }\n  - { id: blog-other, of: guest, ${title} }\n`;
    expect(await find(overlay(two, pattern))).toEqual([]);
    expect(await find(overlay(two.replace('blog-other', 'blog'), pattern))).toEqual([
      'overlays/blog/overlay.yaml:15:11: error: Account "blog" stands twice',
    ]);
    expect(await find(overlay(`  - { id: notes, of: guets, ${title} }\n  - { id: blog, of: guest, ${title} }\n`))).toEqual([
      'overlays/blog/overlay.yaml:14:11: error: Expected "blog", or "blog-" and a word: nobody takes it for another service\'s account',
      'overlays/blog/overlay.yaml:14:22: error: Unknown setting "guets"',
      'overlays/blog/overlay.yaml:15:21: error: Setting "guest" takes blanks or line breaks, which no name has',
    ]);
  });

  it('takes what an overlay tells home from a file that a service can write, by few facts of three kinds', async () => {
    const find = (status: string) => withWorkspace({ 'overlays/blog/overlay.yaml': `${OVERLAY}status: ${status}\n` }, findIn);
    const fields = '{ at: moment, last-sync: moment, full: flag, failed: trouble }';
    expect(await find(`{ file: /var/lib/blog/state, fields: ${fields} }`)).toEqual([]);
    expect(await find(`{ file: /run/blog/state, fields: ${fields} }`)).toEqual([]);
    const AT = 'overlays/blog/overlay.yaml:12:';
    for (const file of ['/etc/blog', 'blog', '/var/lib/../etc/a', '"/var/lib/a b"', '/run/', '/var/lib/a/'])
      expect(await find(`{ file: ${file}, fields: ${fields} }`), file).toEqual([
        `${AT}17: error: Expected a file below "/var/lib" or "/run", of unaccented letters, digits and ". _ @ / -"`,
      ]);
    const many = Array.from({ length: 9 }, (_, index) => `a${index}: flag`).join(', ');
    for (const wrong of [`{ ${many} }`, '{ lastSync: moment }', '{ at: number }', '{ a--b: flag }', '{ at: moment, 1a: flag }'])
      expect(await find(`{ file: /run/blog, fields: ${wrong} }`), wrong).toEqual([expect.stringMatching(/: error: Expected /)]);
  });

  it('refuses two services of a profile that make the same account', async () => {
    const blog = OVERLAY.replace('max: 20', 'pattern: "|[a-z]+"');
    const accounts = (id: string) => `accounts: [{ id: ${id}, of: title, title: { fr: Nom, en: Name } }]\n`;
    const files = {
      'overlays/blog/overlay.yaml': `${blog}${accounts('blog-old')}`,
      'overlays/blog-old/overlay.yaml': `${blog.replace('overlay: blog', 'overlay: blog-old').replace(/(templates|files):\n.*\n/g, '')}${accounts('blog-old')}`,
      'profiles/maison.yaml': 'profile: maison\nbase: debian-arm64\nboards: [pi4]\nservices: [blog, blog-old]\n',
      'clients/durand.yaml': 'client: durand\nname: Famille Durand\nprofile: maison\n',
    };
    expect(await withWorkspace(files, findIn)).toEqual([
      'profiles/maison.yaml:4:18: error: Services "blog" and "blog-old" both make the account "blog-old"',
    ]);
  });
});
