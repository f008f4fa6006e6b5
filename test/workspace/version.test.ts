import { describe, expect, it } from 'vitest';
import { loadOperator, readWorkspace } from '../../builder/workspace/load.ts';
import { findIn, VALID, withWorkspace } from './sample-workspace.ts';

const [OPERATOR, CLIENT] = ['semeur.yaml', 'clients/durand.yaml'];

/** A workspace that says its version, with a client of a later one. */
const said = (version: string) => ({ [OPERATOR]: `semeur: ${version}\n${VALID[OPERATOR]}`, [CLIENT]: 'client: durand\ncolour: blue\n' });

describe('the version of a workspace', () => {
  it('is 1, said or not', async () => {
    for (const text of [VALID[OPERATOR] ?? '', said('1')[OPERATOR] ?? '']) {
      await withWorkspace({ [OPERATOR]: text }, async (folder) => {
        expect(await findIn(folder)).toEqual([]);
        expect(await loadOperator(folder)).toMatchObject({ operator: 'Les Racines' });
      });
    }
  });

  it.each(['2', '0'])('says that alone when it is another: %s', async (version) => {
    await withWorkspace(said(version), async (folder) => {
      const { findings, workspace } = await readWorkspace(folder);
      expect(workspace).toBeUndefined();
      expect(findings).toMatchObject([
        { file: OPERATOR, line: 1, column: 9, message: 'This Semeur reads version 1 of a workspace', hint: 'Update Semeur' },
      ]);
      await expect(loadOperator(folder)).rejects.toThrow(`${OPERATOR}:1:9: error: This Semeur reads version 1 of a workspace\n  → Update Semeur`);
    });
  });

  it('is a whole number', async () => {
    await withWorkspace({ [OPERATOR]: said('"1"')[OPERATOR] ?? '' }, async (folder) => {
      expect(await findIn(folder)).toEqual([expect.stringContaining(`${OPERATOR}:1:9: error: Expected`)]);
    });
  });
});
