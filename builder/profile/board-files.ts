import { list } from 'tar';
import { Failure } from '../../kit/failure.ts';
import type { Profile } from '../workspace/schema.ts';

type Board = Profile['boards'][number];

const WITH_VIDEOCORE_4: readonly Board[] = ['pi3', 'zero2w'];

/**
 * Who reads which file of the boot partition, by the names that Raspberry Pi's firmware looks for (its documentation, "boot folder
 * contents"). Every board may read what isn't named here. `vmlinuz-*` and `bcm2837-*` are Debian's.
 */
const READERS: readonly { readonly files: RegExp; readonly boards: readonly Board[] }[] = [
  { files: /^(bootcode\.bin|start(_\w+)?\.elf|fixup(_\w+)?\.dat)$/, boards: WITH_VIDEOCORE_4 },
  { files: /^(start4\w*\.elf|fixup4\w*\.dat|bcm2711-.*\.dtb)$/, boards: ['pi4'] },
  { files: /^(kernel8\.img|initramfs8)$/, boards: ['pi3', 'pi4', 'zero2w'] },
  { files: /^(kernel_2712\.img|initramfs_2712|bcm2712.*\.dtb)$/, boards: ['pi5'] },
  { files: /^bcm(2710|2837)-rpi-3-.*\.dtb$/, boards: ['pi3'] },
  { files: /^bcm(2710|2837)-rpi-zero-2.*\.dtb$/, boards: ['zero2w'] },
  // Boards with processors of 32 bits, which no profile can name.
  { files: /^(bcm(2708|2709)-.*\.dtb|bcm2835-.*\.dtb|bcm2836-.*\.dtb|kernel7?l?\.img|initramfs7?l?)$/, boards: [] },
];

const KERNEL = /^(kernel8\.img|vmlinuz-.*)$/;
/** A kernel and a device tree; the rest, as firmware, has other names from one generation to the next. */
const NEEDS: Readonly<Record<Board, readonly RegExp[]>> = {
  pi3: [KERNEL, /^bcm(2710|2837)-rpi-3-b/],
  pi4: [KERNEL, /^bcm2711-rpi-4-b/],
  pi5: [/^kernel_2712\.img$/, /^bcm2712.*-rpi-5-b/],
  zero2w: [KERNEL, /^bcm(2710|2837)-rpi-zero-2/],
};

/** Names on the boot partition that none of the boards reads: kernels, firmware and device trees of others. */
export function filesOfOtherBoards(names: readonly string[], boards: readonly Board[]): string[] {
  const others = READERS.filter((reader) => !reader.boards.some((board) => boards.includes(board)));
  return names.filter((name) => others.some(({ files }) => files.test(name))).sort();
}

/** @throws {Failure} if a board would find no kernel, or no device tree of its own. */
export function checkBoardsStart(names: readonly string[], { profile, boards }: Pick<Profile, 'profile' | 'boards'>): void {
  const lost = boards.filter((board) => !NEEDS[board].every((needed) => names.some((name) => needed.test(name))));
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
