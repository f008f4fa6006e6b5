import { beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { BASES } from '../../builder/platform/platforms.ts';
import { findForbiddenImports, findImportCycles } from './import-rules.ts';
import { findMachineHosts } from './outside-names.ts';
import { findBadShell } from './shell-rules.ts';
import { isShell, isTypeScript, readSourceFiles, type SourceFile } from './source-files.ts';
import {
  findBadNames,
  findChildProcesses,
  findDanglingPages,
  findFragments,
  findLoneTests,
  findLongFiles,
  findPlatformNames,
  findPrinting,
  findWords,
} from './text-rules.ts';

let files: SourceFile[];

beforeAll(async () => {
  files = await readSourceFiles();
});

describe('the house rules', () => {
  it('have files to rule: TypeScript, and shell programs with and without a suffix', () => {
    expect(files.filter(isTypeScript).length).toBeGreaterThan(50);
    expect(files.filter(isShell).map(({ path }) => path)).toEqual(expect.arrayContaining(['semeur', '.ci/run', 'builder/house/missing-packages.sh']));
  });

  it('let imports go one way only', () => {
    expect(findForbiddenImports(files)).toEqual([]);
  });

  it('allow no circle of imports', () => {
    expect(findImportCycles(files.filter(isTypeScript))).toEqual([]);
  });

  it.each([
    ['no file that is too long', findLongFiles],
    ['no catch-all name, and kebab-case', findBadNames],
    ["no printing and no exit but in cli/main.ts and home's log", findPrinting],
    ['no child process but by kit/command.ts', findChildProcesses],
    ['no test left alone by .only', findLoneTests],
    ['no comment that names a page which is not here', findDanglingPages],
    ['no comment without a subject', findFragments],
  ])('allow %s', (_, find) => {
    expect(find(files)).toEqual([]);
  });

  it('keep every shell program in main "$@" under set -eu', () => {
    expect(findBadShell(files.filter(isShell))).toEqual([]);
  });

  it('name no architecture and no base outside builder/platform', () => {
    expect(findPlatformNames(files, BASES)).toEqual([]);
  });

  it('name no registry or mirror that this machine uses', async () => {
    expect(findWords(files, await findMachineHosts())).toEqual([]);
  });

  it("name no path of this checkout, if it is one that can't be meant otherwise", ({ skip }) => {
    const folder = findCheckout();
    skip(folder.split('/').length < 3 || /^\/(?:usr|etc|boot)\//.test(folder), `"${folder}" is a usual path of a card`);
    expect(findWords(files, [folder])).toEqual([]);
  });
});
