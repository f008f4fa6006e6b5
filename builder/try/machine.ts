import type { MachineName } from '../platform/emulator.ts';
import { emulatorOf } from '../platform/platforms.ts';
import type { BootFiles } from './boot-files.ts';

/** What is around the machine, where a test wants it otherwise. */
export interface Surroundings {
  /** What its clock says at power-on (default: 1970-01-01, since a Pi has no clock that runs without power). */
  readonly clock?: string | undefined;
  /** "none": no network at all, as if there were no cable and no such hardware (default: "user"). */
  readonly network?: 'user' | 'none' | undefined;
  /** Ways in from the trial's network, such as "tcp:127.0.0.1:8080-:80": whoever comes through them is on the card's own LAN. */
  readonly forwards?: readonly string[] | undefined;
  /** A serial number such as Pis have, on the "virt" machine. */
  readonly serial?: string | undefined;
  /** More of the kernel's arguments. */
  readonly kernelArguments?: string | undefined;
  /** A raw file that gets every write and flush of the disk, in order, as dm-log-writes keeps them. */
  readonly writeLog?: string | undefined;
}

export interface MachineParts extends Surroundings {
  readonly files: BootFiles;
  /** A qcow2 file. */
  readonly disk: string;
  /** Unix socket that listens before the machine starts: its serial console. */
  readonly socket: string;
  readonly pidFile: string;
  /** A device tree other than QEMU's own. */
  readonly deviceTree?: string | undefined;
}

export function machineCommand(machine: MachineName, parts: MachineParts): string[] {
  return machine === 'virt' ? virtCommand(parts) : raspi3bCommand(parts);
}

/** Has QEMU write the device tree of its virt machine, and do nothing else. */
export function describeVirtCommand(file: string): string[] {
  const { program, hardware } = emulatorOf('virt');
  return [program, '-M', `virt,dumpdtb=${escapeValue(file)}`, ...hardware, '-nodefaults', '-display', 'none'];
}

/**
 * Seldom, an emulated processor goes round and round in one place of its kernel (seen in the check of a module's signature). The kernel notices after
 * 20 s: then it starts again, as if the power had been cut, instead of keeping everybody waiting.
 */
const STARTS_AGAIN = 'softlockup_panic=1 panic=1';

/**
 * Guards against programs that are not on a trial's card, without which it starts in half the time. Randomised addresses make of one program as many to
 * QEMU, which translates each anew; and where the kernel's own are random, it takes its page table away at each return from a system call (KPTI), at
 * which QEMU forgets all it knew of addresses.
 */
const NO_GUARDS = 'nokaslr norandmaps mitigations=off';

/** A machine that exists only in QEMU, the fastest here: disk and network by virtio. */
export function virtCommand(parts: MachineParts): string[] {
  const { files, socket, deviceTree } = parts;
  return [
    ...qemuCommand('virt', parts),
    ...(deviceTree === undefined ? [] : ['-dtb', deviceTree]),
    ...['-kernel', files.kernel, '-initrd', files.initrd, '-append', kernelLine('virt', parts, STARTS_AGAIN)],
    ...driveOptions(parts, 'virtio'),
    ...(files.modules === undefined ? [] : ['-drive', `file=${escapeValue(files.modules)},format=raw,if=virtio,readonly=on`]),
    // Without romfile= it looks for network boot firmware, which is another package.
    ...networkOptions(parts, 'virtio-net-pci,netdev=network,romfile='),
    // A Pi has a hardware random number generator.
    ...['-device', 'virtio-rng-pci'],
    ...consoleOptions(socket),
  ];
}

/** The emulated Pi 3: its own SD controller, UART and USB, several times slower. */
export function raspi3bCommand(parts: MachineParts): string[] {
  const { files, socket } = parts;
  return [
    ...qemuCommand('raspi3b', parts),
    ...['-kernel', files.kernel, '-initrd', files.initrd, ...(files.dtb === undefined ? [] : ['-dtb', files.dtb])],
    ...['-append', kernelLine('raspi3b', parts), '-no-reboot'],
    ...driveOptions(parts, 'sd'),
    ...networkOptions(parts, 'usb-net,netdev=network'),
    // The first UART is the Bluetooth chip's: nobody can log in there.
    ...['-serial', 'null'],
    ...consoleOptions(socket),
  ];
}

/** The kernel kills QEMU with us, however we end: nothing else could after a SIGKILL. */
function qemuCommand(machine: MachineName, { pidFile, clock = '1970-01-01' }: MachineParts): string[] {
  const { program, hardware } = emulatorOf(machine);
  return [
    ...['setpriv', '--pdeathsig', 'KILL', program],
    ...['-M', machine, '-accel', 'tcg,thread=multi', '-nodefaults', '-display', 'none', '-pidfile', pidFile],
    ...['-rtc', `base=${clock}`],
    ...hardware,
  ];
}

function kernelLine(machine: MachineName, { kernelArguments }: MachineParts, ...own: readonly string[]): string {
  const console = [`console=${emulatorOf(machine).console}`, ...own].join(' ');
  const line = `root=LABEL=rootfs rw rootwait ${console} net.ifnames=0 systemd.show_status=auto ${NO_GUARDS}`;
  return kernelArguments === undefined ? line : `${line} ${kernelArguments}`;
}

/** The overlay is thrown away: that the host keeps it through a power cut of its own is not worth a single fsync. */
function driveOptions({ disk, writeLog }: MachineParts, bus: string): string[] {
  const file = `file=${escapeValue(disk)},format=qcow2`;
  // A disk that is full of the host's other files is an error that the console tells of. QEMU's own way is to stop the machine, without a word.
  if (writeLog === undefined) return ['-drive', `${file},if=${bus},cache=unsafe${bus === 'virtio' ? ',werror=report' : ''}`];
  return [
    ...['-blockdev', `driver=qcow2,node-name=card,file.driver=file,file.filename=${escapeValue(disk)},cache.no-flush=on`],
    ...['-blockdev', `driver=file,node-name=log,filename=${escapeValue(writeLog)},cache.no-flush=on`],
    // Its count of requests is right at each moment.
    ...['-blockdev', 'driver=blklogwrites,node-name=logged,file=card,log=log,log-super-update-interval=1'],
    ...['-device', 'virtio-blk-pci,drive=logged,werror=report'],
  ];
}

function networkOptions({ network = 'user', forwards = [] }: MachineParts, device: string): string[] {
  if (network === 'none') return [];
  return ['-netdev', ['user,id=network', ...forwards.map((forward) => `hostfwd=${forward}`)].join(','), '-device', device];
}

function consoleOptions(socket: string): string[] {
  return ['-chardev', `socket,id=console,path=${escapeValue(socket)},server=off`, '-serial', 'chardev:console'];
}

/** In a list of QEMU's options a comma is written twice. */
function escapeValue(value: string): string {
  return value.replaceAll(',', ',,');
}
