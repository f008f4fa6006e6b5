import { expect, it } from 'vitest';
import { runCommand } from '../../kit/command.ts';
import type { Failure } from '../../kit/failure.ts';

/** What is told of a program that says this and fails. */
async function failWith(...lines: readonly string[]): Promise<Failure> {
  return runCommand(['sh', '-c', 'printf "%s\\n" "$@" >&2; exit 1', 'sh', ...lines], { doing: 'try it' }).then(
    () => Promise.reject(new Error('it did not fail')),
    (failure: Failure) => failure,
  );
}

it('a Semeur that Semeur started is heard in its own words', async () => {
  const failure = await failWith('==> Checking', 'semeur: Cannot trust "a.img": another SHA-256', '  → Build it again', '  some more');
  expect(failure).toMatchObject({ message: 'Cannot try it: Cannot trust "a.img": another SHA-256', hint: 'Build it again' });
});

it('words that may mean several things stay in the first line, words that are sure become a reason', async () => {
  const vague = await failWith('ana@card: Permission denied (publickey)');
  expect(vague.message).toBe('Cannot try it: "sh" exited with 1: ana@card: Permission denied (publickey)');
  const sure = await failWith('E: Write error', 'tar: x: No space left on device');
  expect(sure).toMatchObject({ message: 'Cannot try it: the disk is full', hint: expect.stringContaining('Make room') });
  expect(sure.details.at(-1)).toBe('  tar: x: No space left on device');
});
