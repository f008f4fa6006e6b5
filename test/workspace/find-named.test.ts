import { describe, expect, it } from 'vitest';
import { findClient, findProfile } from '../../builder/workspace/find-named.ts';
import type { Client, Profile } from '../../builder/workspace/schema.ts';

const clients = (...names: string[]) => ({ clients: new Map(names.map((name) => [name, { client: name } as Client])) });

describe('findClient()', () => {
  it('finds it', () => {
    expect(findClient(clients('durand'), 'durand')).toEqual({ client: 'durand' });
  });

  it.each([
    { names: ['durand', 'lherbier'], hint: 'Did you mean "durand"?' },
    { names: ['bakery'], hint: 'There are: bakery' },
    { names: [], hint: 'Add one: semeur client new NAME' },
    { names: Array.from({ length: 22 }, (_, index) => `client-${10 + index}`), hint: expect.stringMatching(/client-29 and 2 more$/) },
  ])('says how to go on, of $names.length', ({ names, hint }) => {
    expect(() => findClient(clients(...names), 'durant')).toThrow(expect.objectContaining({ hint, exitCode: 2 }));
  });
});

describe('findProfile()', () => {
  it('says how to go on', () => {
    const profiles = new Map<string, Profile>();
    expect(() => findProfile({ profiles }, 'maison')).toThrow(expect.objectContaining({ hint: 'Add one: semeur profile new maison' }));
  });
});
