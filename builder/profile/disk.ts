import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInToolbox, type SandboxOptions, type WorkFolder } from '../base/sandbox.ts';
import type { Stage } from '../base/stage.ts';
import type { BlockRange } from '../image/prefix.ts';
import { type LayerEntry, measureLayer } from './layer.ts';
import type { System } from './system.ts';

const MIB = 1024 * 1024;
const BLOCK = 4096;
/** As disk.sh has them. */
const BOOT_START_MIB = 8;
const BOOT_MIB = 256;
const JOURNAL_MIB = 16;

/** Where things are on the card, known before anything is written: the files on it name the seed region's offset. */
export interface DiskPlan {
  readonly rootBlocks: number;
  /** Bytes from the start of the disk. */
  readonly rootOffset: number;
  /** Where the partitions end and the seed region begins. */
  readonly regionOffset: number;
  readonly ids: DiskIds;
}

interface DiskIds {
  readonly uuid: string;
  readonly fat: string;
  readonly disk: string;
}

/**
 * Sizes the root file system to its content and the profile's reserve, in steps of 8 MiB so that a small change moves nothing.
 * @param reserve free bytes that the card has before it grows.
 */
export function planDisk(profile: string, system: Pick<System, 'blocks' | 'inodes'>, layer: readonly LayerEntry[], reserve: number): DiskPlan {
  const added = measureLayer(layer);
  const content = (system.blocks + added.blocks) * BLOCK;
  const reservedForRoot = 1.01;
  // Inode tables: 256 bytes for every 16 KiB. Bitmaps, group descriptors and their copies: well under 1 %.
  const metadata = 1 / (1 - 256 / 16384 - 0.004);
  const needed = (content + JOURNAL_MIB * MIB + reserve) * metadata * reservedForRoot;
  const inodes = (system.inodes + added.inodes + 1024) * 16384;
  const rootMib = Math.ceil(Math.max(needed, inodes) / (8 * MIB)) * 8;
  const rootOffset = (BOOT_START_MIB + BOOT_MIB) * MIB;
  return { rootBlocks: (rootMib * MIB) / BLOCK, rootOffset, regionOffset: rootOffset + rootMib * MIB, ids: makeIds(profile) };
}

/** From the profile's name, not its content: the hash seed orders every directory, so a new one would move most blocks. */
function makeIds(profile: string): DiskIds {
  const hex = createHash('sha256').update(`semeur disk of ${profile}`).digest('hex');
  // A UUID of version 8 (RFC 9562): made by a rule of one's own.
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { uuid, fat: hex.slice(32, 40), disk: `0x${hex.slice(40, 48)}` };
}

export interface DiskParts {
  readonly system: System;
  readonly layer: Buffer;
  /** Files of the boot partition beside the packages'. */
  readonly boot: ReadonlyMap<string, Buffer>;
}

/** Writes the disk, all but the seed region, and finds the journal, which a flasher must write whole. */
export async function writeDisk(
  toolbox: Stage,
  work: WorkFolder,
  plan: DiskPlan,
  { system, layer, boot }: DiskParts,
  options: SandboxOptions,
): Promise<{ raw: string; journal: BlockRange[] }> {
  await writeFile(join(work.path, 'layer.tar'), layer);
  await mkdir(join(work.path, 'layer-boot'));
  for (const [name, content] of boot) await writeFile(join(work.path, 'layer-boot', name), content);
  const { uuid, fat, disk } = plan.ids;
  const args = [`/cache/system/${system.key}`, uuid, fat, disk, String(BOOT_MIB), String(plan.rootBlocks)];
  await runInToolbox(toolbox.tar, work, 'disk.sh', args, options);
  const journal = parseExtents(await readFile(join(work.path, 'journal'), 'utf8'), plan.rootOffset / BLOCK);
  return { raw: join(work.path, 'disk.img'), journal };
}

/** Reads debugfs's dump_extents: "level/ depth number/ of first - last physical - physical length". */
export function parseExtents(text: string, firstBlock: number): BlockRange[] {
  const leaves = [...text.matchAll(/^\s*(\d+)\/\s*(\d+)\s+\d+\/\s*\d+\s+\d+\s*-\s*\d+\s+(\d+)\s*-\s*(\d+)\s+\d+/gm)].filter(
    ([, level, depth]) => level === depth,
  );
  return leaves.map(([, , , first, last]) => ({ first: Number(first) + firstBlock, last: Number(last) + firstBlock }));
}
