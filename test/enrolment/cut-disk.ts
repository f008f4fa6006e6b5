import { rm } from 'node:fs/promises';
import { runCommand } from '../../kit/command.ts';
import { readAt } from '../image/read-at.ts';

const MIB = 1024 * 1024;

/**
 * Looks at a card's disk as its next boot finds it: the root file system is first made whole by its journal, as the kernel does.
 * @returns what the card can go on from without anybody's help: "region" (its seed behind the partitions), "seed" (its own copy), "claim".
 * @throws when e2fsck finds more than the journal mends.
 */
export async function findWhatIsLeft(disk: string, regionOffset: number): Promise<string[]> {
  const root = `${disk}.root`;
  try {
    const start = (await readAt(disk, 446 + 16 + 8, 4)).readUInt32LE(0) * 512;
    await runCommand(['dd', `if=${disk}`, `of=${root}`, 'bs=1M', `skip=${start / MIB}`, 'conv=sparse', 'status=none']);
    // It ends with 1 when it has replayed the journal.
    await runCommand(['sh', '-c', 'e2fsck -p "$1" || [ $? -eq 1 ]', 'sh', root]);
    await runCommand(['e2fsck', '-fn', root]);
    const holds = async (path: string) => (await runCommand(['debugfs', '-R', `cat ${path}`, root])).length > 0;
    const isIntact = (await readAt(disk, regionOffset, 11)).toString('latin1') === 'SEMEUR-SEED';
    return [
      ...(isIntact ? ['region'] : []),
      ...((await holds('/var/lib/semeur/seed/seed.conf')) ? ['seed'] : []),
      ...((await holds('/var/lib/semeur/claim')) ? ['claim'] : []),
    ];
  } finally {
    await rm(root, { force: true });
  }
}
