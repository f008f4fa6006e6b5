import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerTree } from '../container/unpack.ts';
import type { Stage } from '../debian/stage.ts';
import type { DiskLayout } from '../disk/disk-layout.ts';
import { measureFat32 } from '../disk/fat32.ts';
import type { BlockRange } from '../image/prefix.ts';
import type { DebianPlatform } from '../platform/platform.ts';
import { platformOf } from '../platform/platforms.ts';
import { runInToolbox, type SandboxOptions, type WorkFolder } from '../sandbox/sandbox.ts';
import type { Profile } from '../workspace/schema.ts';
import { type LayerEntry, measureLayer } from './layer.ts';
import type { System } from './system.ts';

const MIB = 1024 * 1024;
const BLOCK = 4096;
/** disk.sh has the same number. */
const JOURNAL_MIB = 16;

/** Where things are on the card, known before anything is written: the files on it name the seed region's offset. */
export interface DiskPlan {
  readonly layout: DiskLayout;
  readonly rootBytes: number;
  /** Where the partitions end and the seed region begins, in bytes from the start of the disk. */
  readonly regionOffset: number;
}

/**
 * Sizes the root file system to its content and the profile's reserve, in steps of 8 MiB so that a small change moves nothing.
 * @param reserve free bytes that the card has before it grows.
 */
export function planDisk(layout: DiskLayout, system: Pick<System, 'blocks' | 'inodes'>, layer: readonly LayerEntry[], reserve: number): DiskPlan {
  const added = measureLayer(layer);
  const content = (system.blocks + added.blocks) * BLOCK;
  const reservedForRoot = 1.01;
  // Inode tables: 256 bytes for every 16 KiB. Bitmaps, group descriptors and their copies: well under 1 %.
  const metadata = 1 / (1 - 256 / 16384 - 0.004);
  const needed = (content + JOURNAL_MIB * MIB + reserve) * metadata * reservedForRoot;
  const inodes = (system.inodes + added.inodes + 1024) * 16384;
  const rootBytes = Math.ceil(Math.max(needed, inodes) / (8 * MIB)) * 8 * MIB;
  return { layout, rootBytes, regionOffset: layout.root.start + rootBytes };
}

/** How a profile's card is laid out: as the image that its base was taken from, else by the platform. */
export function layoutOf({ profile, base }: Pick<Profile, 'profile' | 'base'>, { layout }: Pick<Stage, 'layout'>): DiskLayout {
  const platform = platformOf(base);
  if (platform.origin === 'packages') return makeLayout(profile, platform);
  if (layout) return layout;
  throw new Error(`the base "${base}" was taken from an image, and has no layout`);
}

/**
 * How a card is laid out whose base is no image. Its ids come from the profile's name, not its content: the hash seed orders every directory, so a new
 * one would move most blocks.
 */
function makeLayout(profile: string, { disk: { boot, root }, dropPartition }: DebianPlatform): DiskLayout {
  const { start, bytes, clusterSectors, isActive } = boot;
  const hex = createHash('sha256').update(`semeur disk of ${profile}`).digest('hex');
  // A UUID of version 8 (RFC 9562): made by a rule of one's own.
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return {
    // A profile's key has these as JSON: in another order, every disk would be written again.
    boot: { start, bytes, clusterSectors, id: hex.slice(32, 40), label: dropPartition.label, isActive },
    root: { start: root.start, uuid, hashSeed: uuid, label: root.label, features: root.features },
    diskId: `0x${hex.slice(40, 48)}`,
  };
}

export interface DiskParts {
  readonly system: System;
  /** The folders above the trees, as a tar. */
  readonly above: Buffer;
  /** The tars of container images. */
  readonly trees: readonly ContainerTree[];
  readonly layer: Buffer;
  /** Attributes of the system's files that the layer doesn't replace. */
  readonly attributes: System['attributes'];
  /** Files of the boot partition beside the packages'. */
  readonly boot: ReadonlyMap<string, Buffer>;
  /** Those of the packages' files that the boot partition goes without. */
  readonly leftOut: readonly string[];
}

/** Goes into a profile's key: with another rule of what is always written, its map is made anew. */
export const MAP_RULE = 2;

/** Writes the disk, all but the seed region, and finds what a flasher must write even where it is zeros: what is in use of the boot partition, and the journal. */
export async function writeDisk(
  toolbox: Stage,
  work: WorkFolder,
  plan: DiskPlan,
  { system, above, trees, layer, attributes, boot, leftOut }: DiskParts,
  options: SandboxOptions,
): Promise<{ raw: string; alwaysMapped: BlockRange[] }> {
  await writeFile(join(work.path, 'layer.tar'), layer);
  await writeFile(join(work.path, 'above.tar'), above);
  await writeFile(join(work.path, 'trees'), trees.map(({ key }) => `/cache/containers/${key}/tree.tar\n`).join(''));
  await mkdir(join(work.path, 'layer-boot'));
  for (const [name, content] of boot) await writeFile(join(work.path, 'layer-boot', name), content);
  await writeFile(join(work.path, 'left-out'), leftOut.map((name) => `${name}\n`).join(''));
  await writeFile(join(work.path, 'layout'), renderLayout(plan));
  await writeAttributes(work, [...attributes, ...trees.flatMap((tree) => tree.attributes)]);
  await runInToolbox(toolbox.tar, work, 'disk.sh', [`/cache/system/${system.key}`], { doing: 'write the disk', ...options });
  const { boot: partition, root } = plan.layout;
  const raw = join(work.path, 'disk.img');
  const used = await measureFat32(raw, partition.start);
  const files = { first: Math.floor(partition.start / BLOCK), last: Math.ceil((partition.start + used) / BLOCK) - 1 };
  const journal = parseExtents(await readFile(join(work.path, 'journal'), 'utf8'), root.start / BLOCK);
  return { raw, alwaysMapped: [files, ...journal] };
}

/** Writes what debugfs is told in order to set them: the values are files, which the commands name. */
async function writeAttributes(work: WorkFolder, attributes: System['attributes']): Promise<void> {
  const folder = join(work.path, 'attributes');
  await mkdir(folder);
  const lines = attributes.map(({ path, name }, index) => `ea_set -f ${work.inside}/attributes/${index} "${path.replaceAll('"', '""')}" ${name}\n`);
  for (const [index, { value }] of attributes.entries()) await writeFile(join(folder, String(index)), Buffer.from(value, 'hex'));
  await writeFile(join(folder, 'commands'), lines.join(''));
}

/** Quotes a word for sh: some of the texts come from an image. */
function renderLayout({ layout: { boot, root, diskId }, rootBytes }: DiskPlan): string {
  const values = {
    boot_start: boot.start,
    boot_bytes: boot.bytes,
    boot_cluster: boot.clusterSectors,
    boot_id: boot.id,
    boot_label: boot.label,
    boot_flag: boot.isActive ? ', bootable' : '',
    root_start: root.start,
    root_bytes: rootBytes,
    root_uuid: root.uuid,
    root_hash_seed: root.hashSeed,
    root_label: root.label,
    root_features: root.features,
    disk_id: diskId,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}='${String(value).replaceAll("'", "'\\''")}'\n`)
    .join('');
}

/** Reads debugfs's dump_extents: "level/ depth number/ of first - last physical - physical length". */
export function parseExtents(text: string, firstBlock: number): BlockRange[] {
  const leaves = [...text.matchAll(/^\s*(\d+)\/\s*(\d+)\s+\d+\/\s*\d+\s+\d+\s*-\s*\d+\s+(\d+)\s*-\s*(\d+)\s+\d+/gm)].filter(
    ([, level, depth]) => level === depth,
  );
  return leaves.map(([, , , first, last]) => ({ first: Number(first) + firstBlock, last: Number(last) + firstBlock }));
}
