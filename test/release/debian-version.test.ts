import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../builder/release/notes/debian-version.ts';
import { runCommand } from '../../kit/command.ts';

const ASK =
  'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo older; elif dpkg --compare-versions "$a" eq "$b"; then echo same; else echo newer; fi; done';

/** What dpkg itself says of the first of each two. */
async function askDpkg(pairs: readonly (readonly [string, string])[]): Promise<string[]> {
  const answers = await runCommand(['sh', '-c', ASK], { input: pairs.map((pair) => `${pair.join(' ')}\n`).join('') });
  return answers.toString('utf8').trimEnd().split('\n');
}

function describeOrder(a: string, b: string): string {
  const order = compareVersions(a, b);
  return order === 0 ? 'same' : order < 0 ? 'older' : 'newer';
}

describe('compareVersions()', () => {
  it.each([
    ['1.0', '1.1'],
    ['1.9', '1.10'],
    ['1.0~rc1', '1.0'],
    ['1.0~~', '1.0~'],
    ['1.0', '1.0+b1'],
    ['1.0-1', '1.0-1+b1'],
    ['8.14.1-2', '8.14.1-2+deb13u1'],
    ['8.14.1-2+deb13u1', '8.14.1-2+deb13u7'],
    ['2.0', '1:1.0'],
    ['1:9.2p1-2', '1:10.0p1-7'],
    ['6.12.9-1', '6.12.118-1'],
    ['1.20220830+ds-1', '1.20240424+ds-6'],
    ['1.0a', '1.0+'],
    ['1-2-9', '1-10-1'],
    ['1.99999999999999999998', '1.99999999999999999999'],
  ])('puts %s before %s', async (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
    expect(await askDpkg([[older, newer]])).toEqual(['older']);
  });

  it.each([
    ['1.0', '1.00'],
    ['1.0', '0:1.0'],
    ['1.0', '1.0-0'],
  ])('takes %s and %s for the same', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
  });

  it('says of any two versions what dpkg says', async () => {
    const part = fc.stringMatching(/^[0-9][0-9a-zA-B.+~]{0,5}$/);
    const version = fc.tuple(fc.constantFrom('', '0:', '1:'), part, fc.constantFrom('', '-'), part).map(([epoch, upstream, dash, revision]) => {
      return `${epoch}${upstream}${dash}${dash === '' ? '' : revision}`;
    });
    const property = fc.asyncProperty(fc.array(fc.tuple(version, version), { minLength: 20, maxLength: 20 }), async (pairs) => {
      expect(pairs.map(([a, b]) => describeOrder(a, b))).toEqual(await askDpkg(pairs));
    });
    await fc.assert(property, { numRuns: 5 });
  });
});
