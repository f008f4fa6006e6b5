import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostMirrors } from '../../builder/base/apt-sources.ts';
import { ensureDebianBase } from '../../builder/base/debian.ts';
import { withWorkFolder } from '../../builder/base/sandbox.ts';
import { ensureToolbox } from '../../builder/base/toolbox.ts';
import { runCommand } from '../../builder/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';

/** Maintainer scripts in sh, perl and python, an initramfs without a kernel, triggers, alternatives, users. */
const PACKAGES = ['initramfs-tools', 'kmod', 'zstd', 'systemd', 'openssh-server', 'perl', 'python3-minimal', 'ca-certificates'];

/** Every entry of a tar: type, mode, owner, link, size and SHA-256; times aside, since both builds end when they end. */
async function describeTree(tar: string, folder: string, name: string): Promise<string[]> {
  const options = '!all,type,mode,uid,gid,size,sha256,link,nlink';
  const mtree = await runCommand(['bsdtar', '--create', '--file', '-', '--format', 'mtree', '--options', `mtree:${options}`, `@${tar}`]);
  await writeFile(join(folder, name), mtree);
  return mtree.toString('utf8').split('\n').sort();
}

describe('the accelerator', () => {
  it('leaves the very tree that emulated programs alone make', async () => {
    const session = createQuietSession();
    const mirrors = await hostMirrors();
    const toolbox = await ensureToolbox(session, { mirrors });
    const accelerated = await ensureDebianBase(session, { mirrors, toolbox, packages: PACKAGES });
    // The same package lists for both, whatever the mirror has got meanwhile.
    const emulated = await ensureDebianBase(session, { mirrors, toolbox, packages: PACKAGES, how: 'emulated', locked: accelerated.set });
    expect(emulated.tar).not.toBe(accelerated.tar);
    await withWorkFolder(async (work) => {
      const [ours, theirs] = [await describeTree(accelerated.tar, work.path, 'accelerated'), await describeTree(emulated.tar, work.path, 'emulated')];
      expect(ours.length).toBeGreaterThan(3000);
      expect(ours.filter((line) => !theirs.includes(line)).slice(0, 20)).toEqual([]);
      expect(theirs.length).toBe(ours.length);
    });
  });
});
