import { describe, expect, it } from 'vitest';
import { shorten } from '../../cli/wizard/client-steps.ts';
import { formatCommand } from '../../cli/wizard/same-commands.ts';
import { FRENCH } from '../../cli/wizard/words-fr.ts';

/** Every text of a catalogue, with its place; those that are made are given something to be made of. */
function textsOf(value: unknown, place: string): { place: string; text: string }[] {
  if (typeof value === 'string') return [{ place, text: value }];
  if (typeof value === 'function') return textsOf((value as (...given: string[]) => unknown)('x', 'x'), place);
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inside]) => textsOf(inside, `${place}.${key}`)) : [];
}

describe('the French catalogue', () => {
  it('puts a no-break space before « : ; ? ! » and inside quotation marks', () => {
    // A time, a port, an address and a key have none.
    const isWrong = (text: string) => /(^|[^\u00a0:\d/])[;?!](?!\d)|[^\u00a0\w:]:(?!\S)|[a-zé]:(?= |$)|«[^\u00a0]|[^\u00a0]»/.test(text);
    expect(isWrong('Pourquoi ?') && isWrong('« a »') && isWrong('a: b')).toBe(true);
    expect(textsOf(FRENCH, 'FRENCH').filter(({ place, text }) => place !== 'FRENCH.colon' && isWrong(text))).toEqual([]);
  });
});

describe('shorten()', () => {
  it.each([
    ["L'Atelier d'Émilie", 'l-atelier-d-emilie'],
    ['  Œufs & cœur…  ', 'oeufs-coeur'],
    [`${'a'.repeat(31)} b`, 'a'.repeat(31)],
    ['茶', ''],
  ])('makes a short name of %j', (name, short) => expect(shorten(name)).toBe(short));
});

describe('formatCommand()', () => {
  it('quotes for a shell what needs it, and nothing else', () => {
    expect(formatCommand(['client', 'new', 'zoe', '--name', "L'été $HOME"])).toBe("semeur client new zoe --name 'L'\\''été $HOME'");
  });
});
