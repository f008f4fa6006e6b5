import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import type { Counts } from '../builder/house/counts.ts';
import { writeFileAtomically } from '../kit/atomic-file.ts';

type Problem = Parameters<NonNullable<Reporter['onTestRunEnd']>>[1][number];

const STILL_RUNNING_MS = 30_000;

/** Prints each test as it ends, plainly, and writes the counts that `semeur test` closes with to $SEMEUR_TEST_COUNTS. */
export default class implements Reporter {
  readonly #counts: Counts = { files: 0, passed: 0, failed: 0, skipped: 0 };
  readonly #failures: { readonly label: string; readonly why: string }[] = [];
  readonly #running = new Map<string, { readonly label: string; readonly start: number }>();
  #alarm: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.#alarm = setInterval(() => this.#printRunning(), STILL_RUNNING_MS).unref();
  }

  onTestModuleStart(file: TestModule): void {
    this.#running.set(file.id, { label: `${file.relativeModuleId}: setting up`, start: performance.now() });
  }

  onTestCaseReady(test: TestCase): void {
    this.#running.delete(test.module.id);
    this.#running.set(test.id, { label: labelOf(test), start: performance.now() });
  }

  onTestCaseResult(test: TestCase): void {
    this.#running.delete(test.id);
    const result = test.result();
    if (result.state === 'pending') return;
    this.#counts[result.state] += 1;
    const reason = result.state === 'skipped' && result.note ? `: ${result.note}` : '';
    print(`${result.state.padEnd(8)}${formatSeconds(test.diagnostic()?.duration ?? 0)}  ${labelOf(test)}${reason}`);
    if (result.state === 'failed') this.#fail(labelOf(test), result.errors);
  }

  onTestSuiteResult(suite: TestSuite): void {
    this.#failOutside(labelOf(suite), suite.errors());
  }

  onTestModuleEnd(file: TestModule): void {
    this.#counts.files += 1;
    this.#running.delete(file.id);
    this.#failOutside(file.relativeModuleId, file.errors());
    const tests = [...file.children.allTests()].length;
    const { duration, collectDuration } = file.diagnostic();
    print(`==> ${file.relativeModuleId}: ${tests} tests in ${formatSeconds(duration + collectDuration).trimStart()}`);
  }

  async onTestRunEnd(_: readonly TestModule[], problems: readonly Problem[]): Promise<void> {
    clearInterval(this.#alarm);
    for (const problem of problems) this.#failOutside('outside any test', [problem]);
    // Once more, since of a long run often only the end is at hand.
    if (this.#failures.length > 0) print(`\nFailed:\n${this.#failures.map(({ label, why }) => `  ${label}\n${why}\n`).join('')}`);
    const file = process.env['SEMEUR_TEST_COUNTS'];
    if (file) await writeFileAtomically(file, JSON.stringify(this.#counts));
  }

  /** What fails without a test of its own still has to show in the counts. */
  #failOutside(label: string, errors: readonly Problem[]): void {
    if (errors.length === 0) return;
    this.#counts.failed += 1;
    print(`failed            ${label}`);
    this.#fail(label, errors);
  }

  #fail(label: string, errors: readonly Problem[]): void {
    const why = errors.map(renderProblem).join('\n').replaceAll(/^/gm, '        | ');
    this.#failures.push({ label, why });
    // At once: who follows a long run needn't wait for its end.
    print(why);
  }

  #printRunning(): void {
    for (const { label, start } of this.#running.values()) {
      const time = performance.now() - start;
      if (time >= STILL_RUNNING_MS) print(`running ${formatSeconds(time)}  ${label}`);
    }
  }
}

function labelOf(task: TestCase | TestSuite): string {
  return `${task.module.relativeModuleId} > ${task.fullName}`;
}

function renderProblem({ name, message, stack, diff }: Problem): string {
  const places = (stack ?? '').split('\n').filter((line) => /^\s+at .*[/]/.test(line) && !line.includes('node_modules'));
  const text = [`${name ?? 'Error'}: ${message}`, ...(typeof diff === 'string' ? [diff] : []), ...places.slice(0, 5)].join('\n');
  return stripVTControlCharacters(text);
}

function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2).padStart(7)} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
