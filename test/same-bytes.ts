import { expect } from 'vitest';

/** For megabytes: toEqual() takes seconds for them, byte by byte, and keeps every other test of the process waiting. */
export function expectSameBytes(found: Buffer | undefined, expected: Buffer): void {
  const at = found?.equals(expected) ? undefined : found?.findIndex((byte, index) => byte !== expected[index]);
  expect({ bytes: found?.length, differsAt: at }).toEqual({ bytes: expected.length, differsAt: undefined });
}
