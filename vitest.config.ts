import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

/** A suite is told by the file's name; suites run one after the other. Times: HACKING.md. */
function suite(name: string, include: string, exclude: string[], groupOrder: number, maxWorkers: number, minutes: number) {
  const timeouts = { testTimeout: minutes * MINUTE, hookTimeout: minutes * MINUTE };
  return { test: { name, include: [include], exclude, maxWorkers, sequence: { groupOrder }, ...timeouts } };
}

/** Fills the cache that all others of its kind find filled. */
const first = 'test/card/images.build.test.ts';
const build = 'test/**/*.build.test.ts';
const full = 'test/**/*.full.test.ts';

export default defineConfig({
  test: {
    projects: [
      suite('fast', 'test/**/*.test.ts', [build, full], 0, 2, 1),
      suite('first', first, [], 1, 1, 25),
      // An emulated machine has one processor, and most of a build is one program at a time.
      suite('build', build, [first], 2, 2, 25),
      suite('full', full, [], 3, 1, 60),
    ],
  },
});
