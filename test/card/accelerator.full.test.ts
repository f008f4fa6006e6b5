import { describe, it } from 'vitest';
import { compareTrees } from './trees.ts';

describe('the accelerator', () => {
  it('leaves the very tree that emulated programs alone make, of the whole base', async () => {
    await compareTrees();
  });

  it('and of scripts in sh, perl and python, and an initramfs without a kernel', async () => {
    await compareTrees(['initramfs-tools', 'zstd', 'liblocale-gettext-perl', 'python3-minimal']);
  });
});
