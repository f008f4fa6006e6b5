import { describe, expect, it } from 'vitest';
import { MACHINES, machineCommand, raspi3bCommand, virtCommand } from '../../builder/try/machine.ts';

const parts = {
  files: { kernel: '/w/vmlinuz', initrd: '/w/initrd.img', dtb: '/w/bcm2837-rpi-3-b.dtb', isSemeurCard: true },
  disk: '/w/disk.qcow2',
  socket: '/s/console',
  pidFile: '/s/pid',
};
const optionOf = (argv: readonly string[], option: string) => argv[argv.indexOf(option) + 1];

describe('virtCommand()', () => {
  it('boots from virtio, with the console where the kernel looks for it', () => {
    const argv = virtCommand(parts);
    expect(optionOf(argv, '-M')).toBe('virt');
    expect(optionOf(argv, '-drive')).toBe('file=/w/disk.qcow2,format=qcow2,if=virtio,cache=unsafe');
    expect(optionOf(argv, '-append')).toBe('root=LABEL=rootfs rw rootwait console=ttyAMA0 net.ifnames=0 systemd.show_status=auto');
    expect(argv).toContain('virtio-rng-pci');
    expect(argv).not.toContain('-dtb');
  });
});

describe('raspi3bCommand()', () => {
  it('boots from the SD controller, with the console on the second UART', () => {
    const argv = raspi3bCommand(parts);
    expect(optionOf(argv, '-dtb')).toBe('/w/bcm2837-rpi-3-b.dtb');
    expect(optionOf(argv, '-drive')).toContain('if=sd');
    expect(argv.filter((_, index) => argv[index - 1] === '-serial')).toEqual(['null', 'chardev:console']);
    expect(optionOf(argv, '-append')).toContain('console=ttyS1,115200');
  });
});

describe('machineCommand()', () => {
  it.each(MACHINES)('has on %s no clock, no reboot, and no life of its own', (machine) => {
    const argv = machineCommand(machine, parts);
    expect(argv.slice(0, 4)).toEqual(['setpriv', '--pdeathsig', 'KILL', 'qemu-system-aarch64']);
    expect(optionOf(argv, '-rtc')).toBe('base=1970-01-01');
    expect(argv).toContain('-no-reboot');
  });

  it('writes commas of file names twice, as QEMU reads them', () => {
    const argv = virtCommand({ ...parts, disk: '/w/a,b.qcow2', socket: '/s/c,d' });
    expect(optionOf(argv, '-drive')).toMatch(/^file=\/w\/a,,b\.qcow2,format/);
    expect(optionOf(argv, '-chardev')).toContain('path=/s/c,,d,');
  });
});
