import { describe, it } from 'vitest';
import { compareTrees } from './trees.ts';

describe('the accelerator', () => {
  it('leaves the very tree that emulated programs alone make, of the whole base', async () => {
    await compareTrees();
  });
});
