import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

/** A suite is told by the file's name. Those of one turn run side by side, in the order of the suites' names; the others wait. Times: HACKING.md. */
function suite(name: string, include: string, exclude: string[], turn: number, maxWorkers: number, minutes: number) {
  const timeouts = { testTimeout: minutes * MINUTE, hookTimeout: minutes * MINUTE };
  // What a test polls for is sure to come, but not at once where the machine is busy.
  const expect = { poll: { timeout: 30_000 } };
  return { test: { name, include: [include], exclude, maxWorkers, sequence: { groupOrder: turn }, expect, ...timeouts } };
}

/** Fills the cache that all others of its kind find filled. Most of it is one program at a time, so that the fast ones have a processor beside it. */
const card = 'test/card/images.build.test.ts';
const build = 'test/**/*.build.test.ts';
/** The longest of them: begun first, so that no processor waits at the end. */
const boot = 'test/enrolment/*.build.test.ts';
const full = 'test/**/*.full.test.ts';

export default defineConfig({
  test: {
    projects: [
      suite('card', card, [], 0, 2, 25),
      suite('fast', 'test/**/*.test.ts', [build, full], 0, 2, 3),
      // An emulated machine has one processor.
      suite('boot', boot, [], 1, 2, 25),
      suite('build', build, [card, boot], 1, 2, 25),
      suite('full', full, [], 2, 1, 60),
    ],
  },
});
