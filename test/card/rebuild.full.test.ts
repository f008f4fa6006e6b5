import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../kit/command.ts';
import { buildAgain, buildFirst, makeRebuildFolder } from './rebuild.ts';

let folder: string;
beforeAll(async () => {
  folder = await makeRebuildFolder();
});
afterAll(async () => {
  await runCommand(['rm', '-rf', folder]);
});

describe('the same lock', () => {
  it('gives the same bytes from an empty cache, by a mirror whose lists are others by now: toolbox and base are made anew', async () => {
    const first = await buildFirst(folder);
    expect(await buildAgain(folder, [])).toBe(first);
  });
});
