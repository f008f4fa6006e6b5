import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Change, editYaml } from '../../builder/workspace/edit.ts';
import { renderText } from '../../builder/workspace/render-text.ts';

const FILE = `# Les Durand, depuis 2024
client: durand   # court
name: "Famille Durand"
profile: maison

settings:
  website:
    # le titre
    title: Chez les Durand
    text: |
      Un
      Deux
wifi: { ssid: Box, password: secret12, country: FR } # au grenier
`;

describe('editYaml()', () => {
  it.each<[string, Change[], string, string]>([
    ['a text', [{ path: ['name'], value: 'Les "D": 3' }], '"Famille Durand"', `'Les "D": 3'`],
    ['a block of lines', [{ path: ['settings', 'website', 'text'], value: 'Trois\nQuatre\n' }], 'Un\n      Deux', 'Trois\n      Quatre'],
    ['a block into one line', [{ path: ['settings', 'website', 'text'], value: 'Un' }], '|\n      Un\n      Deux', 'Un'],
    ['a text in braces', [{ path: ['wifi', 'password'], value: 'autre123' }], 'secret12', 'autre123'],
    ['a key that is not there', [{ path: ['language'], value: 'en' }], '# au grenier\n', '# au grenier\nlanguage: en\n'],
    ['keys below keys', [{ path: ['settings', 'backup', 'to'], value: 'usb' }], '      Deux\n', '      Deux\n  backup:\n    to: usb\n'],
    ['a key taken out', [{ path: ['wifi'] }], 'wifi: { ssid: Box, password: secret12, country: FR } # au grenier\n', ''],
    ['a key that was not there taken out', [{ path: ['hostname'] }], '', ''],
  ])('changes %s, and no other byte', (_, changes, before, after) => {
    expect(editYaml(FILE, changes)).toBe(FILE.replace(before, () => after));
  });

  it('adds to a list on one line, where it stands', () => {
    const text = 'profile: maison # p\nservices: [website] # s\nboards: [ pi3 ]\n';
    expect(editYaml(text, [{ path: ['services'], add: 'backup' }])).toBe(text.replace('[website]', '[website, backup]'));
    expect(editYaml('services: []\n', [{ path: ['services'], add: 'backup' }])).toBe('services: [backup]\n');
  });

  it('adds to a list of lines', () => {
    const text = 'services: # what\n  # first\n  - website # s\nbase: x # b\n';
    expect(editYaml(text, [{ path: ['services'], add: 'backup' }])).toBe(text.replace('# s\n', '# s\n  - backup\n'));
  });

  it('keeps comments and order where it has to write the whole anew', () => {
    const text = 'wifi: {ssid: Box} # attic\n# what it is\nbase:    x # b\n';
    const edited = editYaml(text, [{ path: ['wifi', 'country'], value: 'FR' }]);
    expect(edited).toBe('wifi: {ssid: Box, country: FR} # attic\n# what it is\nbase: x # b\n');
    expect(parse(editYaml('profile: a\n', [{ path: ['services'], add: 'b' }]))).toEqual({ profile: 'a', services: ['b'] });
  });
});

describe('renderText()', () => {
  it('writes any text so that it is read again', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.constantFrom('a', ' ', '\n', '\t', '#', ':', '-', '"', "'", 'é')).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('', '    '), (value, indent) => {
        const around = indent === '' ? '' : 'a:\n  b:\n';
        const read = parse(`${around}${indent}key: ${renderText(value, indent)}\n${indent}next: 1\n`) as Record<string, never>;
        expect(indent === '' ? read : read['a']?.['b']).toEqual({ key: value, next: 1 });
      }),
    );
  });
});
