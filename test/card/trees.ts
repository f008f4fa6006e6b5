import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hostMirrors } from '../../builder/debian/apt-sources.ts';
import { ensureDebianBase } from '../../builder/debian/debian.ts';
import { ensureToolbox } from '../../builder/debian/toolbox.ts';
import { debianArm64 } from '../../builder/platform/debian-arm64.ts';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession } from '../image/sample-prefix.ts';

/** Every entry of a tar: type, mode, owner, link, size and SHA-256; times aside, since both builds end when they end. */
async function describeTree(tar: string, folder: string, name: string): Promise<string[]> {
  const options = '!all,type,mode,uid,gid,size,sha256,link,nlink';
  const mtree = await runCommand(['bsdtar', '--create', '--file', '-', '--format', 'mtree', '--options', `mtree:${options}`, `@${tar}`]);
  await writeFile(join(folder, name), mtree);
  return mtree.toString('utf8').split('\n').sort();
}

/** Builds a base with the accelerator and without, and compares the trees. @param packages beside the essential ones; the base's own if left out. */
export async function compareTrees(packages?: readonly string[]): Promise<void> {
  const session = createQuietSession();
  const mirrors = await hostMirrors();
  const toolbox = await ensureToolbox(session, { mirrors });
  const options = { platform: debianArm64, mirrors, toolbox, ...(packages && { packages }) };
  const accelerated = await ensureDebianBase(session, options);
  // The same packages for both, whatever the mirror has got meanwhile.
  const emulated = await ensureDebianBase(session, { ...options, how: 'unaided', locked: accelerated });
  expect(emulated.tar).not.toBe(accelerated.tar);
  await withWorkFolder(async (work) => {
    const [ours, theirs] = [await describeTree(accelerated.tar, work.path, 'accelerated'), await describeTree(emulated.tar, work.path, 'emulated')];
    expect(ours.length).toBeGreaterThan(2000);
    const known = new Set(theirs);
    expect(ours.filter((line) => !known.has(line)).slice(0, 20)).toEqual([]);
    expect(theirs.length).toBe(ours.length);
  });
}
