import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { findCheckout } from '../../builder/house/checkout.ts';
import { isSourced } from './shell-rules.ts';
import { isShell, readSourceFiles } from './source-files.ts';

/** Fails with all that the linter wrote: linters tell their findings on stdout. */
async function runLinter(argv: readonly [string, ...string[]]): Promise<void> {
  const [program, ...args] = argv;
  const { exitCode, all } = await execa(program, args, { cwd: findCheckout(), all: true, reject: false, stdin: 'ignore', env: { NO_COLOR: '1' } });
  if (exitCode !== 0) expect.fail(`${program} exited with ${exitCode}:\n${all}`);
}

const installed = (name: string) => join(findCheckout(), 'node_modules', '.bin', name);

describe('the linters', () => {
  // It takes both processors for itself, where it can.
  it('tsc finds no wrong type', { timeout: 300_000 }, () => runLinter([installed('tsc'), '--pretty', 'false']));

  it('biome finds nothing to correct or to format', () =>
    runLinter([installed('biome'), 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=50']));

  it('knip finds no dead file, export or dependency', () => runLinter([installed('knip'), '--no-progress']));

  it('shellcheck finds nothing in any shell program', async () => {
    const files = (await readSourceFiles()).filter(isShell);
    const [sourced, programs] = [files.filter(isSourced), files.filter((file) => !isSourced(file))].map((some) => some.map(({ path }) => path));
    await runLinter(['shellcheck', '--external-sources', ...(programs ?? [])]);
    if (sourced?.length) await runLinter(['shellcheck', '--external-sources', '--shell=sh', ...sourced]);
  });
});
