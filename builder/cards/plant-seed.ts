import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import { readRange, writeRange } from '../../kit/file-range.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { MBR_BYTES, type Partition, parsePartitions } from '../disk/partitions.ts';
import { placeInRegion } from '../image/client-image.ts';

/** The region behind the last partition, or, where that is no more, a file on the first. */
export type PlantedAt = 'region' | 'boot partition';

/**
 * Writes a seed onto a flashed card or a raw image: into its seed region, or, when the root file system has grown over that, as semeur.seed on
 * its boot partition. Changes nothing unless the target is a Semeur card of that profile.
 * @throws {Failure} naming what the target is not.
 */
export async function plantSeed(target: string, seed: Buffer, profile: string): Promise<PlantedAt> {
  await checkNotMounted(target);
  const handle = await openTarget(target);
  try {
    const partitions = await readPartitions(handle, target);
    const [boot, root] = partitions;
    if (boot?.type !== 0x0c || root?.type !== 0x83) throw notACard(target, 'its partitions are not those of a Semeur card');
    const card = parseCard(await readCardFile(target, boot));
    if (!card) throw notACard(target, 'there is no semeur-card.txt on its first partition');
    if (card.profile !== profile) {
      throw new Failure(`Cannot plant on "${target}": it has the profile "${card.profile}", the seed is for "${profile}"`, {
        hint: "Flash the image of the client's own profile",
      });
    }
    if (root.start + root.bytes > card.regionOffset) {
      await copyToBoot(target, boot, seed);
      return 'boot partition';
    }
    await writeRegion(handle, target, seed, card.regionOffset);
    return 'region';
  } finally {
    await handle.close();
  }
}

async function openTarget(target: string): Promise<FileHandle> {
  try {
    return await open(target, 'r+');
  } catch (error) {
    const denied = ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
    const hint = denied ? 'A card needs root: sudo semeur plant …' : 'Name a raw .img file, or the device of a card';
    throw new Failure(`Cannot open "${target}"`, { hint, cause: error });
  }
}

async function readPartitions(handle: FileHandle, target: string): Promise<Partition[]> {
  const mbr = await readRange(handle, 0, MBR_BYTES);
  const partitions = mbr.length === MBR_BYTES ? parsePartitions(mbr) : undefined;
  if (!partitions) throw notACard(target, 'it has no partition table; a compressed image must be built for its client instead');
  return partitions;
}

function notACard(target: string, why: string): Failure {
  return new Failure(`Cannot plant on "${target}": ${why}`, {
    hint: 'Nothing was changed. Flash an image made by Semeur first, and name the whole device',
  });
}

async function readCardFile(target: string, boot: Partition): Promise<string> {
  return (await runCommand(['mtype', '-i', `${target}@@${boot.start}`, '::semeur-card.txt']).catch(ignoreFailure)).toString('utf8');
}

/** What mtools can't read is no card; that mtools is missing must be said. */
function ignoreFailure(error: unknown): Buffer {
  if (error instanceof Failure && error.exitCode === 1) return Buffer.alloc(0);
  throw error;
}

function parseCard(text: string): { profile: string; regionOffset: number } | undefined {
  const [, profile = '', offset = ''] = /^semeur-card 1\nprofile ([a-z0-9-]+)\nregion-offset (\d+)\n/.exec(text) ?? [];
  return profile === '' ? undefined : { profile, regionOffset: Number(offset) };
}

async function writeRegion(handle: FileHandle, target: string, seed: Buffer, offset: number): Promise<void> {
  const region = placeInRegion('this client', seed);
  const before = await readRange(handle, offset, REGION_BYTES);
  if (before.length < REGION_BYTES) throw notACard(target, 'it ends before its seed region does');
  await writeRange(handle, offset, region);
  await handle.sync();
  const after = await readRange(handle, offset, REGION_BYTES);
  if (!after.equals(region)) throw new Failure(`Cannot trust "${target}": it does not read back what was written`, { hint: 'Try another card' });
}

async function copyToBoot(target: string, boot: Partition, seed: Buffer): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `semeur-plant-${randomBytes(4).toString('hex')}`));
  try {
    await writeFile(join(folder, 'semeur.seed'), seed, { mode: 0o600 });
    await runCommand(['mcopy', '-o', '-i', `${target}@@${boot.start}`, join(folder, 'semeur.seed'), '::semeur.seed'], {
      doing: `put the seed onto "${target}"`,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A mounted boot partition would be written by the kernel and by us. */
async function checkNotMounted(target: string): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const mounted = mounts.split('\n').find((line) => target.startsWith('/dev/') && line.startsWith(target));
  if (mounted)
    throw new Failure(`Cannot plant on "${target}": "${mounted.split(' ')[1]}" is mounted from it`, {
      hint: `Unmount it first: umount ${mounted.split(' ')[0]}`,
    });
}
