import { mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';

const GIB = 1024 ** 3;
const QEMU_IMG_HINT = 'On Debian: "apt-get install qemu-utils", or run "semeur doctor"';

/** What the machine boots: the image, never written, and an overlay that takes every write. */
export interface TryDisk {
  /** The raw image. */
  readonly raw: string;
  /** A qcow2 file on top of it. */
  readonly overlay: string;
}

/**
 * Makes the disk of a trial, or finds it again to boot it once more: what an earlier trial wrote is then there.
 * @param image .img, .img.xz or .img.zst; compressed ones are unpacked beside the overlay, with their zeros as holes.
 * @param overlay where the qcow2 file is, or is to be.
 */
export async function openDisk(session: Session, image: string, overlay: string): Promise<TryDisk> {
  if (!(await stat(image).catch(() => undefined))?.isFile()) {
    throw new Failure(`Cannot boot "${image}": there is no such file`, {
      hint: 'Make one with "semeur build CLIENT"; it is then in the out/ folder',
    });
  }
  await mkdir(dirname(overlay), { recursive: true });
  const raw = /\.(xz|zst)$/.test(image) ? await unpack(session, image, `${overlay}.img`) : resolve(image);
  if (!(await exists(overlay))) await makeCard(session, raw, overlay);
  return { raw, overlay };
}

/** What a trial left on its disk, as a raw image with holes: for `e2fsck` and the like. */
export async function exportDisk(session: Pick<Session, 'signal'>, overlay: string, raw: string): Promise<void> {
  const argv = ['qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', overlay, raw];
  await runCommand(argv, { doing: `write "${raw}"`, signal: session.signal, missing: QEMU_IMG_HINT });
}

/** Bytes of the card: bigger than its image, as real ones are, and a power of two, which the emulated SD card must be. */
export function planCardSize(imageBytes: number): number {
  return 2 ** Math.ceil(Math.log2(imageBytes + GIB));
}

/** A new card, as if the image had just been written to it. @returns the path of its qcow2 file. */
export async function makeCard(session: Pick<Session, 'signal'>, raw: string, overlay: string): Promise<string> {
  return makeOverlay(session, raw, overlay, planCardSize((await stat(raw)).size));
}

/** @param bytes of the disk; without it, as many as `raw` has. */
export async function makeOverlay({ signal }: Pick<Session, 'signal'>, raw: string, overlay: string, bytes?: number): Promise<string> {
  const size = bytes === undefined ? [] : [String(bytes)];
  await runCommand(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', raw, overlay, ...size], {
    doing: `make the trial's disk "${overlay}"`,
    signal,
    missing: QEMU_IMG_HINT,
  });
  return overlay;
}

async function unpack({ progress, signal }: Session, image: string, raw: string): Promise<string> {
  if (await exists(raw)) return raw;
  const part = `${raw}.part`;
  const doing = `unpack "${image}"`;
  await progress.step(`Unpacking "${basename(image)}"`, async () => {
    if (image.endsWith('.zst'))
      await runCommand(['zstd', '--decompress', '--quiet', '--force', '--sparse', '-o', part, resolve(image)], { doing, signal });
    else await unpackXz(resolve(image), part, signal);
  });
  await rename(part, raw);
  return raw;
}

/** xz leaves holes only in a file that it names itself: a link beside it makes it choose our name. */
async function unpackXz(image: string, part: string, signal: AbortSignal): Promise<void> {
  const link = join(dirname(part), `${basename(part)}.xz`);
  await symlink(image, link);
  try {
    // --force: xz follows a link only so.
    await runCommand(['xz', '--decompress', '--keep', '--force', '--threads=0', '--quiet', link], { doing: `unpack "${image}"`, signal });
  } finally {
    await rm(link, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
