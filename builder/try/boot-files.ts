import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { MBR_BYTES, parsePartitions } from '../disk/partitions.ts';
import { readHead } from '../image/decode.ts';

/** What the firmware of a Pi would load, taken out of the image's boot partition: QEMU has no such firmware. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
  /** The device tree of a Pi 3, for the raspi3b machine. */
  readonly dtb: string | undefined;
  /** A file system with the kernel's modules, where the card has none of its version: see substitute-kernel.ts. */
  readonly modules?: string;
  /** The kernel is Raspberry Pi's own, which has no drivers for a machine that is no Pi. */
  readonly isRaspberryPis: boolean;
  /** Made by Semeur: its first boot says when it is done. */
  readonly isSemeurCard: boolean;
}

const FAT_TYPES = [0x06, 0x0b, 0x0c, 0x0e];
/** What the firmware of a Pi loads if config.txt names no other: Debian's does. */
const RASPBERRY_PIS = 'kernel8.img';
/** Debian's name of the same board, then Raspberry Pi OS's. */
const PI3_TREES = ['bcm2837-rpi-3-b.dtb', 'bcm2710-rpi-3-b.dtb'];

/** Copies kernel, initramfs and device tree out of a raw image into `folder`, mounting nothing. */
export async function readBootFiles({ signal }: Pick<Session, 'signal'>, raw: string, folder: string): Promise<BootFiles> {
  const partition = await findBootPartition(raw);
  const names = await listNames(partition, signal);
  if (!names.includes('config.txt')) throw notBootable(raw, 'its boot partition has no config.txt');
  const config = parseBootConfig((await mtools(['mtype', '-i', partition, '::config.txt'], signal)).toString('utf8'));
  const dtb = PI3_TREES.find((name) => names.includes(name));
  for (const name of [config.kernel, config.initramfs, ...(dtb ? [dtb] : [])]) {
    if (!names.includes(name)) throw notBootable(raw, `config.txt names "${name}", which is not on the boot partition`);
    await mtools(['mcopy', '-n', '-o', '-i', partition, `::${name}`, join(folder, name)], signal);
  }
  return {
    kernel: join(folder, config.kernel),
    initrd: join(folder, config.initramfs),
    dtb: dtb === undefined ? undefined : join(folder, dtb),
    isRaspberryPis: config.kernel === RASPBERRY_PIS,
    isSemeurCard: names.includes('semeur-card.txt'),
  };
}

/**
 * Reads which kernel and initramfs a Pi 3 would load, with the firmware's defaults for what isn't said.
 * @see https://www.raspberrypi.com/documentation/computers/config_txt.html
 */
export function parseBootConfig(text: string): { kernel: string; initramfs: string } {
  const config = { kernel: RASPBERRY_PIS, initramfs: 'initramfs8' };
  let applies = true;
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    const section = /^\[(.+)\]$/.exec(line)?.[1];
    if (section !== undefined) applies = section === 'all' || section === 'pi3';
    if (!applies) continue;
    config.kernel = /^kernel=(\S+)$/.exec(line)?.[1] ?? config.kernel;
    config.initramfs = /^initramfs\s+(\S+)/.exec(line)?.[1] ?? config.initramfs;
  }
  return config;
}

/** The partition in mtools' words: "FILE@@OFFSET". */
async function findBootPartition(raw: string): Promise<string> {
  const partitions = parsePartitions(await readHead(raw, 'img', MBR_BYTES));
  if (!partitions) throw notBootable(raw, 'it has no partition table');
  const boot = partitions.find(({ type }) => FAT_TYPES.includes(type));
  if (!boot) throw notBootable(raw, 'it has no FAT partition to boot from');
  if (boot.start + boot.bytes > (await stat(raw)).size) throw notBootable(raw, 'it ends within its boot partition: is it whole?');
  return `${raw}@@${boot.start}`;
}

async function listNames(partition: string, signal: AbortSignal): Promise<string[]> {
  const listing = (await mtools(['mdir', '-b', '-i', partition, '::'], signal)).toString('utf8');
  return listing.split('\n').map((line) => line.replace(/^::\//, '').trim());
}

function mtools(argv: readonly string[], signal: AbortSignal): Promise<Buffer> {
  // It would refuse file systems whose size its geometry rules don't like.
  return runCommand(argv, {
    doing: 'read the boot partition',
    signal,
    env: { MTOOLS_SKIP_CHECK: '1' },
    missing: 'On Debian: "apt-get install mtools", or run "semeur doctor"',
  });
}

function notBootable(raw: string, why: string): Failure {
  return new Failure(`Cannot boot "${raw}": ${why}`, { hint: 'Give the image of a Raspberry Pi card, as "semeur build" makes them' });
}
