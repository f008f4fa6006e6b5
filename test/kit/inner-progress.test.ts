import { expect, it } from 'vitest';
import { innerProgress } from '../../kit/inner-progress.ts';

it('tells steps within a step, and what they say, as notes that are no news', async () => {
  const notes: (readonly unknown[])[] = [];
  const progress = innerProgress((...told) => void notes.push(told));
  const result = await progress.step('Making images', async (note) => {
    note('1 of 2');
    note('the card said something', true);
    progress.warn('the lock is old');
    return 2;
  });
  expect(result).toBe(2);
  expect(notes).toEqual([['Making images'], ['1 of 2'], ['the card said something'], ['the lock is old']]);
});
