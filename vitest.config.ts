import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

/** A suite is told by the file's name; suites run one after the other. Times: HACKING.md. */
function suite(name: string, include: string, exclude: string[], groupOrder: number, maxWorkers: number, minutes: number) {
  const timeouts = { testTimeout: minutes * MINUTE, hookTimeout: minutes * MINUTE };
  return { test: { name, include: [include], exclude, maxWorkers, sequence: { groupOrder }, ...timeouts } };
}

const build = 'test/**/*.build.test.ts';
const full = 'test/**/*.full.test.ts';

export default defineConfig({
  test: {
    projects: [
      suite('fast', 'test/**/*.test.ts', [build, full], 0, 2, 1),
      // What builds or boots keeps both processors busy by itself.
      suite('build', build, [], 1, 1, 25),
      suite('full', full, [], 2, 1, 60),
    ],
  },
});
