import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';

const IMPORT = "import { beforeAll, describe, expect, it } from 'vitest';\n";

/** Tests of another checkout, some of which fail: the verb is the real one, and so is vitest. */
const TESTS: Readonly<Record<string, string>> = {
  'good/a.test.ts': "it('passes', () => {});\nit('is left out', ({ skip }) => skip('for a reason'));",
  'good/b.build.test.ts': "it('builds', () => {});",
  'good/c.full.test.ts': "it('takes long', () => {});",
  'bad/assert.test.ts': "it('passes', () => {});\nit('fails', () => expect('found').toBe('wanted'));",
  'bad/hook.test.ts': "describe('a hook', () => { beforeAll(() => { throw new Error('no ground'); }); it('never runs', () => {}); });",
  'bad/load.test.ts': "throw new Error('not loaded');",
  'bad/stray.test.ts': "it('passes', async () => { Promise.reject(new Error('stray')); await new Promise((done) => setTimeout(done, 50)); });",
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-test-verb-'));
  for (const name of ['kit', 'web', 'protocol', 'builder', 'cli', 'home', 'bench', 'package.json', 'vitest.config.ts', 'test/reporter.ts'])
    await cp(join(findCheckout(), name), join(folder, name), { recursive: true, force: true });
  await symlink(join(findCheckout(), 'node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(TESTS)) {
    await mkdir(dirname(join(folder, 'test', name)), { recursive: true });
    await writeFile(join(folder, 'test', name), IMPORT + text);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function test(...args: string[]) {
  const command = ['--disable-warning=ExperimentalWarning', join(folder, 'cli', 'main.ts'), 'test', ...args];
  const { exitCode, stdout, stderr } = await execa(process.execPath, command, { reject: false, stdin: 'ignore', env: { VITEST: undefined } });
  return { exitCode, stdout, stderr, lastLine: stdout.split('\n').at(-1) };
}

describe('semeur test', () => {
  it('runs the fast and the build suite, prints each test and why one was skipped, and closes with the counts', async () => {
    const { exitCode, stdout, lastLine } = await test('good/');
    expect(stdout).toMatch(/^skipped +\d+\.\d\d s {2}test\/good\/a\.test\.ts > is left out: for a reason$/m);
    expect(stdout).toMatch(/^passed +\d+\.\d\d s {2}test\/good\/b\.build\.test\.ts > builds$/m);
    expect({ exitCode, lastLine }).toEqual({ exitCode: 0, lastLine: '2 passed, 0 failed, 1 skipped' });
  });

  it('leaves out builds with --fast, adds what is long with --full', async () => {
    const [fast, full] = [await test('good/', '--fast'), await test('good/', '--full')];
    expect([fast.lastLine, full.lastLine]).toEqual(['1 passed, 0 failed, 1 skipped', '3 passed, 0 failed, 1 skipped']);
  });

  it('ends with 1 when a test fails, and shows what was found and wanted', async () => {
    const { exitCode, stdout, lastLine } = await test('assert');
    expect({ exitCode, lastLine }).toEqual({ exitCode: 1, lastLine: '1 passed, 1 failed, 0 skipped' });
    expect(stdout).toMatch(/^ +\| Expected: "wanted"$/m);
    expect(stdout).toMatch(/^ +\| {5}at .*assert\.test\.ts:3:/m);
  });

  it.each([
    ['a hook', 'hook', '0 passed, 1 failed, 1 skipped'],
    ['a file that cannot be loaded', 'load', '0 passed, 1 failed, 0 skipped'],
    ['a stray error', 'stray', '1 passed, 1 failed, 0 skipped'],
  ])('counts %s as a failure', async (_, filter, line) => {
    const { exitCode, lastLine } = await test(filter);
    expect({ exitCode, lastLine }).toEqual({ exitCode: 1, lastLine: line });
  });

  it('writes one JSON document on stdout with --json, the rest on stderr', async () => {
    const { stdout, stderr } = await test('good/', '--json');
    expect(JSON.parse(stdout)).toEqual({ files: 2, passed: 2, failed: 0, skipped: 1 });
    expect(stderr).toContain('is left out: for a reason');
  });

  it('ends with 2 when no file fits the filter', async () => {
    const { exitCode, stderr } = await test('nowhere');
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('contains "nowhere"') });
  });
});
