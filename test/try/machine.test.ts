import { describe, expect, it } from 'vitest';
import { MACHINES } from '../../builder/platform/emulator.ts';
import { machineCommand, raspi3bCommand, virtCommand } from '../../builder/try/machine.ts';

const parts = {
  files: { kernel: '/w/vmlinuz', initrd: '/w/initrd.img', dtb: '/w/bcm2837-rpi-3-b.dtb', isRaspberryPis: false, isSemeurCard: true },
  disk: '/w/disk.qcow2',
  socket: '/s/console',
  pidFile: '/s/pid',
};
const optionOf = (argv: readonly string[], option: string) => argv[argv.indexOf(option) + 1];

describe('virtCommand()', () => {
  it('boots from virtio, with the console where the kernel looks for it', () => {
    const argv = virtCommand(parts);
    expect(optionOf(argv, '-M')).toBe('virt');
    expect(optionOf(argv, '-drive')).toBe('file=/w/disk.qcow2,format=qcow2,if=virtio,cache=unsafe,werror=report');
    expect(optionOf(argv, '-append')).toBe(
      'root=LABEL=rootfs rw rootwait console=ttyAMA0 softlockup_panic=1 panic=1 net.ifnames=0 systemd.show_status=auto nokaslr norandmaps mitigations=off',
    );
    expect(argv).toContain('virtio-rng-pci');
    expect(argv).not.toContain('-dtb');
  });

  it('has the modules of a substitute kernel on a disk of their own', () => {
    const argv = virtCommand({ ...parts, files: { ...parts.files, modules: '/k/modules.ext4' } });
    expect(argv).toContain('file=/k/modules.ext4,format=raw,if=virtio,readonly=on');
  });

  it('has the ways in that are asked for, or no network at all', () => {
    const netdev = optionOf(virtCommand({ ...parts, forwards: ['tcp:127.0.0.1:8080-:80', 'tcp:127.0.0.1:8022-:22'] }), '-netdev');
    expect(netdev).toBe('user,id=network,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=tcp:127.0.0.1:8022-:22');
    expect(virtCommand({ ...parts, network: 'none' }).filter((word) => /netdev|net-/.test(word))).toEqual([]);
  });

  it('logs what is written to its disk', () => {
    const argv = virtCommand({ ...parts, writeLog: '/w/log' });
    expect(argv).not.toContain('-drive');
    expect(argv).toContain('driver=blklogwrites,node-name=logged,file=card,log=log,log-super-update-interval=1');
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
  it.each(MACHINES)('has on %s no clock, and no life of its own', (machine) => {
    const argv = machineCommand(machine, parts);
    expect(argv.slice(0, 4)).toEqual(['setpriv', '--pdeathsig', 'KILL', 'qemu-system-aarch64']);
    expect(optionOf(argv, '-rtc')).toBe('base=1970-01-01');
  });

  it('starts at the time that is asked for', () => {
    expect(optionOf(virtCommand({ ...parts, clock: '2099-01-01' }), '-rtc')).toBe('base=2099-01-01');
  });

  it('writes commas of file names twice, as QEMU reads them', () => {
    const argv = virtCommand({ ...parts, disk: '/w/a,b.qcow2', socket: '/s/c,d' });
    expect(optionOf(argv, '-drive')).toMatch(/^file=\/w\/a,,b\.qcow2,format/);
    expect(optionOf(argv, '-chardev')).toContain('path=/s/c,,d,');
  });
});
