import { setTimeout } from 'node:timers/promises';

/** Looks again and again until it is so. A look that throws is a no. @throws after so many seconds, the last look's error as the cause. */
export async function until(look: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  let cause: unknown;
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await setTimeout(100)) {
    try {
      cause = undefined;
      if (await look()) return;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`waited ${seconds} s in vain`, { cause });
}
