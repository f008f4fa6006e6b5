import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseEndpoint, refuseHomeUrl, refusePrefix } from '../../builder/workspace/rules/addresses.ts';
import { refuseHostName, refuseTimeZone } from '../../builder/workspace/rules/names.ts';
import { editDistance, suggest } from '../../builder/workspace/rules/suggest.ts';

describe('rules', () => {
  it.each([
    [
      refusePrefix,
      ['fd5e:3e0f:1a2b::/48', 'fd00:0:1::/48'],
      ['fd5e:3e0f:1a2b::', 'FD5E:3e0f:1a2b::/48', 'fd5e:3e0f:01a2::/48', 'fd5e:3e0f:1a2b:1::/48', 'fc5e:3e0f:1a2b::/48', '10.0.0.0/48', ''],
    ],
    [
      refuseEndpoint,
      ['vpn.example.org:51820', '192.0.2.10:443', '[2001:db8::1]:443', 'localhost:1'],
      [
        'vpn.example.org',
        '2001:db8::1:443',
        'a b:1',
        '-a.org:1',
        'a.org:0',
        'a.org:65536',
        'a.org:080',
        '[192.0.2.1]:443',
        'a..b:1',
        '1.2.3:4',
        ':443',
      ],
    ],
    [
      refuseHomeUrl,
      ['https://home.example.org', 'https://home.example.org/', 'https://home.example.org:8443'],
      ['http://a.org', 'home.example.org', 'https://u:p@a.org', 'https://a.org/?q', 'https://a.org/#h', 'https:// a.org', 'ftp://a.org'],
    ],
    [refuseHostName, ['a', 'a-b', '1', 'a'.repeat(63)], ['', '-a', 'a-', 'a_b', 'A', 'a.b', 'é', 'a'.repeat(64), 'localhost']],
    [
      refuseTimeZone,
      ['Europe/Paris', 'UTC', 'Etc/GMT+1', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Asia/Calcutta'],
      ['europe/paris', '+01:00', '', 'Europe/Pariss', '../etc/passwd', 'Europe', 'utc'],
    ],
  ])('%o', (rule, taken, refused) => {
    expect(taken.filter((value) => rule(value) !== undefined)).toEqual([]);
    expect(refused.filter((value) => rule(value) === undefined)).toEqual([]);
  });
});

describe('suggest()', () => {
  it('finds a word with one slip, and nothing for another word', () => {
    const known = ['client', 'name', 'profile', 'settings', 'timezone'];
    expect(['cleint', 'profil', 'Setting', 'time-zone'].map((word) => suggest(word, known))).toEqual(['client', 'profile', 'settings', 'timezone']);
    expect(['', 'colour', 'x'].map((word) => suggest(word, known))).toEqual([undefined, undefined, undefined]);
  });

  it('measures a distance: none to itself, the same both ways, at most the longer length', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});
