import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { findCheckout } from '../../builder/house/checkout.ts';
import { readCounts, renderCounts } from '../../builder/house/counts.ts';
import { runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

interface TestOptions {
  readonly fast?: true;
  readonly full?: true;
  readonly json?: true;
}

export function addTest(program: Command, run: RunVerb): void {
  program
    .command('test')
    .description('run everything that CI checks: tests, types, linters, house rules')
    .argument('[filter]', 'only the test files whose path contains this')
    .addOption(new Option('--fast', 'leave out what builds or boots').conflicts('full'))
    .addOption(new Option('--full', 'add what is too long for CI'))
    .addHelpText('after', examples('semeur test --fast', 'semeur test --fast image', 'semeur test --full raspios'))
    .action((filter: string | undefined, _: TestOptions, verb: Command) =>
      run((session) => test(session, filter, verb.optsWithGlobals<TestOptions>())),
    );
}

/** The tests write their own lines as they end; what is reported is the one line that closes them. */
async function test({ signal }: Session, filter: string | undefined, options: TestOptions): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-test-'));
  const file = join(folder, 'counts.json');
  try {
    const failure = await runCommand(vitestCommand(filter, options), {
      cwd: findCheckout(),
      env: { SEMEUR_TEST_COUNTS: file, ...(options.full ? { SEMEUR_TEST_FULL: 'yes' } : {}) },
      output: options.json ? 'stderr' : 'stdout',
      signal,
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    signal.throwIfAborted();
    const counts = await readCounts(file);
    if (counts === undefined) throw failure ?? new Failure('Cannot count the tests: they ended without a result');
    if (counts.files === 0) throw new Failure(`Cannot find a test file whose path contains "${filter ?? ''}"`, { exitCode: EXIT.usage });
    // No test failed, yet the run did: its own message has to show.
    const unexplained = failure instanceof Error && counts.failed === 0 ? [failure.message] : [];
    return {
      json: counts,
      text: [...unexplained, renderCounts(counts)],
      exitCode: failure === undefined && counts.failed === 0 ? EXIT.done : EXIT.failure,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function vitestCommand(filter: string | undefined, { fast, full }: TestOptions): string[] {
  const suites = ['fast', ...(fast ? [] : ['card', 'boot', 'build']), ...(full ? ['full'] : [])];
  const vitest = join(findCheckout(), 'node_modules', 'vitest', 'vitest.mjs');
  const reporter = join(findCheckout(), 'test', 'reporter.ts');
  return [process.execPath, vitest, 'run', `--reporter=${reporter}`, ...suites.map((suite) => `--project=${suite}`), ...(filter ? [filter] : [])];
}
