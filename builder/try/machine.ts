import type { BootFiles } from './boot-files.ts';

export const MACHINES = ['virt', 'raspi3b'] as const;
export type MachineName = (typeof MACHINES)[number];

export interface MachineParts {
  readonly files: BootFiles;
  /** A qcow2 file. */
  readonly disk: string;
  /** Unix socket that listens before the machine starts: its serial console. */
  readonly socket: string;
  readonly pidFile: string;
}

export function machineCommand(machine: MachineName, parts: MachineParts): string[] {
  return machine === 'virt' ? virtCommand(parts) : raspi3bCommand(parts);
}

/** A machine that exists only in QEMU, the fastest here: disk and network by virtio. */
export function virtCommand({ files, disk, socket, pidFile }: MachineParts): string[] {
  return [
    ...qemuCommand('virt', pidFile),
    ...['-cpu', 'cortex-a72', '-smp', '2', '-m', '1024'],
    ...['-kernel', files.kernel, '-initrd', files.initrd, '-append', kernelArguments('console=ttyAMA0')],
    ...['-drive', driveOption(disk, 'virtio')],
    // Without romfile= it looks for network boot firmware, which is another package.
    ...['-netdev', 'user,id=network', '-device', 'virtio-net-pci,netdev=network,romfile='],
    // A Pi has a hardware random number generator.
    ...['-device', 'virtio-rng-pci'],
    ...consoleOptions(socket),
  ];
}

/** The emulated Pi 3: its own SD controller, UART and USB, several times slower. */
export function raspi3bCommand({ files, disk, socket, pidFile }: MachineParts): string[] {
  return [
    ...qemuCommand('raspi3b', pidFile),
    ...['-kernel', files.kernel, '-initrd', files.initrd, ...(files.dtb === undefined ? [] : ['-dtb', files.dtb])],
    ...['-append', kernelArguments('console=ttyS1,115200')],
    ...['-drive', driveOption(disk, 'sd')],
    ...['-netdev', 'user,id=network', '-device', 'usb-net,netdev=network'],
    // The first UART is the Bluetooth chip's: nobody can log in there.
    ...['-serial', 'null'],
    ...consoleOptions(socket),
  ];
}

/** The kernel kills QEMU with us, however we end: nothing else could after a SIGKILL. */
function qemuCommand(machine: MachineName, pidFile: string): string[] {
  return [
    ...['setpriv', '--pdeathsig', 'KILL', 'qemu-system-aarch64'],
    ...['-M', machine, '-accel', 'tcg,thread=multi', '-nodefaults', '-display', 'none', '-no-reboot', '-pidfile', pidFile],
    // A Pi has no clock that runs without power.
    ...['-rtc', 'base=1970-01-01'],
  ];
}

function kernelArguments(console: string): string {
  return `root=LABEL=rootfs rw rootwait ${console} net.ifnames=0 systemd.show_status=auto`;
}

/** The overlay is thrown away: that the host keeps it through a power cut of its own is not worth a single fsync. */
function driveOption(disk: string, bus: string): string {
  return `file=${escapeValue(disk)},format=qcow2,if=${bus},cache=unsafe`;
}

function consoleOptions(socket: string): string[] {
  return ['-chardev', `socket,id=console,path=${escapeValue(socket)},server=off`, '-serial', 'chardev:console'];
}

/** In a list of QEMU's options a comma is written twice. */
function escapeValue(value: string): string {
  return value.replaceAll(',', ',,');
}
