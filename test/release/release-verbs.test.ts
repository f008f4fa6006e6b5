import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KEY_STATEMENTS } from '../../builder/release/folder/key-rotation.ts';
import { semeur } from '../card/cards.ts';
import { makeKey, withRelease } from './sample-release.ts';

describe('the verbs below "release"', () => {
  it('sign, rotate, verify and diff from the command line, each with options of its own', () =>
    withRelease(async ({ folder, workspace, release, keyFile }) => {
      const run = async (...args: string[]) => JSON.parse(await semeur('release', ...args, '--json', '--workspace', workspace));
      const second = await makeKey(folder, 'second');
      const { signer } = await run('sign', release, '--key', second);
      await expect(run('verify', release, '--signers', `${keyFile}.pub`)).rejects.toThrow('by a key that you trust');
      expect(await run('verify', release, '--signers', `${second}.pub`)).toMatchObject({ profile: 'maison', signer });
      await run('rotate', '--from', keyFile, '--to', second);
      expect(await readFile(join(workspace, KEY_STATEMENTS), 'utf8')).toContain('semeur release key\n');
      expect(await run('diff', release, release)).toMatchObject({ blocks: { changed: [] } });
      await expect(run('maison')).rejects.toThrow('--out DIR');
    }));
});
