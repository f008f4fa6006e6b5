import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedNames, parseSeedTar, renderSeedTar } from '../../builder/seed/seed-tar.ts';
import { FILES, SETTINGS } from './seed-key.ts';

describe('renderSeedTar()', () => {
  it('gives what parseSeedTar() reads back, whatever the order of the files', () => {
    const names = allowedNames(SETTINGS);
    const files = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.uint8Array({ maxLength: 1500 })), { selector: ([name]) => name });
    fc.assert(
      fc.property(files, (entries) => {
        const content = entries.map(([name, bytes]) => [name, Buffer.from(bytes)] as const);
        const tar = renderSeedTar(new Map(content));
        expect(tar.length % 4096).toBe(0);
        expect(renderSeedTar(new Map(content.toReversed()))).toEqual(tar);
        expect(new Map(parseSeedTar(tar, names))).toEqual(new Map(content));
      }),
    );
  });

  it('gives a tar that other programs read', async () => {
    const { stdout } = await execa('tar', ['--list', '--verbose', '--numeric-owner', '--utc'], { input: renderSeedTar(FILES) });
    expect(stdout.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      '-rw------- 0/0 8 1970-01-01 00:00 enrol/token',
      '-rw------- 0/0 14 1970-01-01 00:00 enrol/vpn.conf',
      '-rw------- 0/0 50 1970-01-01 00:00 seed.conf',
      '-rw------- 0/0 8 1970-01-01 00:00 settings/etc/motd',
      '-rw------- 0/0 5000 1970-01-01 00:00 settings/etc/site/page.html',
    ]);
  });

  it('refuses names that could leave a folder', () => {
    for (const name of ['', '/etc/motd', '../x', 'a/./b', 'a//b', 'a/', 'é', 'a b', 'x'.repeat(101)]) {
      expect(() => renderSeedTar(new Map([[name, Buffer.alloc(0)]])), name).toThrow(RangeError);
    }
  });
});
