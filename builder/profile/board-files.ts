import { list } from 'tar';
import { Failure } from '../../kit/failure.ts';
import { platformOf } from '../platform/platforms.ts';
import type { Profile } from '../workspace/schema.ts';

/** Names on the boot partition that none of the boards reads: kernels, firmware and device trees of others. */
export function filesOfOtherBoards(names: readonly string[], { base, boards }: Pick<Profile, 'base' | 'boards'>): string[] {
  const { readers } = platformOf(base).boardFiles;
  const others = readers.filter((reader) => !reader.boards.some((board) => boards.includes(board)));
  return names.filter((name) => others.some(({ files }) => files.test(name))).sort();
}

/** @throws {Failure} if a board would find no kernel, or no device tree of its own. */
export function checkBoardsStart(names: readonly string[], { profile, base, boards }: Pick<Profile, 'profile' | 'base' | 'boards'>): void {
  const { needs } = platformOf(base).boardFiles;
  const lost = boards.filter((board) => !needs[board]?.every((needed) => names.some((name) => needed.test(name))));
  if (lost.length === 0) return;
  throw new Failure(`Cannot build the profile "${profile}" for ${lost.join(', ')}: the base has no kernel or no device tree for it`, {
    hint: `Take the board out of profiles/${profile}.yaml, or name another image as its base`,
  });
}

/** @param tar of the boot partition, as system.sh packs it. @returns the names in its uppermost folder. */
export async function listBootFiles(tar: string): Promise<string[]> {
  const names: string[] = [];
  await list({ file: tar, onReadEntry: ({ path }) => names.push(path.replace(/^\.\//, '')) });
  return names.filter((name) => name !== '' && !name.includes('/')).sort();
}
