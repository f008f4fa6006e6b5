import { chmod, cp, mkdir, open, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { IS_FULL } from '../is-full.ts';
import { FIRSTBOOT, makeCardRoot, type SeedKey } from '../seed/seed-key.ts';

const MIB = 1024 * 1024;
/** Partition 2 from 2 MiB to 6 MiB, the seed region up to 10 MiB, on a card of 16 MiB. */
export const REGION = { offset: 6 * MIB, bytes: 4 * MIB };
export const ROOT_START = 2 * MIB;
export const CARD_BYTES = 16 * MIB;

/** What /bin/sh is on every card. */
export const DASH = ['dash'] as const;
/** No card's: it shows that the programs are POSIX, as shellcheck reads them. */
export const BUSYBOX = ['busybox', 'sh'] as const;
export type Shell = typeof DASH | typeof BUSYBOX;
/** Those that everything is tried under: both with `semeur test --full`. */
export const SHELLS: readonly Shell[] = IS_FULL ? [DASH, BUSYBOX] : [DASH];

export interface Ran {
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface Running {
  readonly ended: Promise<Ran>;
  kill(): void;
}

/** A Pi as far as first boot's programs can tell: a root with its disk, sysfs and boot partition, and stand-ins for what needs a kernel. */
export interface Card {
  readonly root: string;
  readonly disk: string;
  path(inside: string): string;
  read(inside: string): Promise<string>;
  /** Runs a program of /usr/lib/semeur with the given shell, which also runs its children. */
  run(shell: Shell, program: string, ...args: string[]): Promise<Ran>;
  /** Starts one, to be ended by the caller. */
  start(shell: Shell, program: string, ...args: string[]): Promise<Running>;
  /** Puts bytes at an offset of the disk. */
  putOnDisk(bytes: Buffer, offset: number): Promise<void>;
  onDisk(offset: number, bytes: number): Promise<Buffer>;
  dropSeed(bytes: Buffer, name?: string): Promise<void>;
  /** What the stand-ins were called with. */
  calls(): Promise<string[]>;
  /** Runs a stage and ends all of it, as a power cut would, before the given call of a program that writes. */
  runUntil(shell: Shell, call: number, stage: string): Promise<'cut' | 'done'>;
  /** How many such calls the last runUntil() saw. */
  countedCalls(): Promise<number>;
  /** What a restart does to the machine: /run is empty, the kernel has read the partition table. */
  restart(): Promise<void>;
}

/** @param within the words before each command, to run it in another network. */
export async function makeCard(key: SeedKey, within: readonly string[] = []): Promise<Card> {
  const root = await makeCardRoot(key, { regionOffset: REGION.offset });
  const path = (inside: string) => join(root, inside);
  const disk = path('dev/mmcblk0');
  await cp(join(FIRSTBOOT, '../../sbin'), path('usr/sbin'), { recursive: true });
  const put = async (file: string, text: string) => {
    await mkdir(join(path(file), '..'), { recursive: true });
    await writeFile(path(file), text);
  };
  await put('proc/self/mountinfo', '21 1 0:20 / /proc rw - proc proc rw\n36 1 179:2 / / rw,noatime - ext4 /dev/root rw\n');
  await put('proc/sys/kernel/hostname', 'localhost\n');
  await put('proc/sys/kernel/random/boot_id', '6d0e6d3c-0000-4000-8000-000000000000\n');
  await put('proc/device-tree/serial-number', '10000000abcdef01\0');
  await put('proc/device-tree/model', 'Raspberry Pi 4 Model B "x"\\ Rev 1.4\0');
  await put('proc/uptime', '12.34 40.00\n');
  await put('sys/devices/mmc/mmcblk0/size', `${CARD_BYTES / 512}\n`);
  await put('sys/devices/mmc/mmcblk0/mmcblk0p2/start', `${ROOT_START / 512}\n`);
  await put('sys/devices/mmc/mmcblk0/mmcblk0p2/size', `${(REGION.offset - ROOT_START) / 512}\n`);
  await put('sys/devices/mmc/mmcblk0/mmcblk0p2/partition', '2\n');
  await mkdir(path('sys/dev/block'), { recursive: true });
  await symlink('../../devices/mmc/mmcblk0/mmcblk0p2', path('sys/dev/block/179:2'));
  await put('dev/console', '');
  await put('boot/firmware/semeur-report.txt', '\n'.repeat(8192));
  await put('etc/hostname', 'localhost\n');
  await put('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 oldname\n');
  await put('usr/share/zoneinfo/Europe/Paris', 'TZif');
  await makeDisk(disk);
  await makeStandIns(root);

  const start = async (shell: Shell, program: string, ...args: string[]) => {
    await shellAsSh(root, shell);
    const file = path(program.startsWith('/') ? program : `usr/lib/semeur/${program}`);
    const [first = '', ...argv] = [...within, 'sh', file, ...args];
    const child = execa(first, argv, { env: environment(root), reject: false, all: true, stdin: 'ignore' });
    return { ended: child.then(({ exitCode, all }) => ({ exitCode, output: all })), kill: () => child.kill('SIGKILL') };
  };
  return {
    root,
    disk,
    path,
    read: (inside) => readFile(path(inside), 'utf8'),
    run: async (shell, program, ...args) => (await start(shell, program, ...args)).ended,
    start,
    async runUntil(shell, call, stage) {
      await shellAsSh(root, shell);
      await rm(path('cut-bin/count'), { force: true });
      const env = { ...environment(root), PATH: `${path('cut-bin')}:${environment(root).PATH}`, CUT_AT: String(call) };
      // A process group of its own: the cut ends every process in it.
      const { signal } = await execa('sh', [path('usr/lib/semeur/run'), stage], { env, reject: false, stdin: 'ignore', detached: true });
      return signal === 'SIGKILL' ? 'cut' : 'done';
    },
    countedCalls: async () => (await readFile(path('cut-bin/count'), 'utf8').catch(() => '')).length / 2,
    async restart() {
      await rm(path('run'), { recursive: true, force: true });
      const sectors = (await readFile(disk)).readUInt32LE(462 + 12);
      await writeFile(path('sys/devices/mmc/mmcblk0/mmcblk0p2/size'), `${sectors}\n`);
      await writeFile(path('dev/console'), '');
    },
    async putOnDisk(bytes, offset) {
      const handle = await open(disk, 'r+');
      await handle.write(bytes, 0, bytes.length, offset);
      await handle.close();
    },
    async onDisk(offset, bytes) {
      return (await readFile(disk)).subarray(offset, offset + bytes);
    },
    dropSeed: (bytes, name = 'semeur.seed') => writeFile(path(`boot/firmware/${name}`), bytes),
    calls: async () => (await readFile(path('fake-bin/calls'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
  };
}

async function makeDisk(disk: string): Promise<void> {
  const sector = Buffer.alloc(512);
  // One entry of an MBR, the second: type 0x83, start, sectors.
  sector[462 + 4] = 0x83;
  sector.writeUInt32LE(ROOT_START / 512, 462 + 8);
  sector.writeUInt32LE((REGION.offset - ROOT_START) / 512, 462 + 12);
  sector[510] = 0x55;
  sector[511] = 0xaa;
  await writeFile(disk, sector);
  await truncate(disk, CARD_BYTES);
}

function environment(root: string) {
  return { ROOT: root, PATH: `${join(root, 'fake-bin')}:${process.env['PATH']}:/usr/sbin:/sbin` };
}

async function makeStandIns(root: string): Promise<void> {
  const bin = join(root, 'fake-bin');
  await mkdir(bin);
  const note = (name: string) => `echo "${name} $*" >>'${join(bin, 'calls')}'`;
  for (const name of ['modprobe', 'mount', 'systemctl', 'resize2fs']) await writeStandIn(join(bin, name), note(name));
  // Answers, sets no clock of this machine.
  await writeStandIn(join(bin, 'date'), `case $1 in --set) ${note('date')} ;; *) PATH=\${PATH#*fake-bin:} exec date "$@" ;; esac`);
  await writeStandIn(join(bin, 'timedatectl'), 'echo no');
  await writeStandIn(join(bin, 'journalctl'), ':');
  // The stand-in answers as the kernel would: this machine's may have no WireGuard.
  await writeStandIn(
    join(bin, 'ip'),
    `case $* in 'link add dev '*) exec wireguard-go "$4" >/dev/null 2>&1 ;; *) PATH=\${PATH#*fake-bin:} exec ip "$@" ;; esac`,
  );
  // The real one reads the table; the kernel's side is a file.
  await writeStandIn(
    join(bin, 'partx'),
    `case $1 in
--update) ${note('partx')}; od -An -tu4 -j 474 -N 4 '${root}/dev/mmcblk0' | tr -d ' ' >'${root}/sys/devices/mmc/mmcblk0/mmcblk0p2/size' ;;
*) PATH=\${PATH#*fake-bin:} exec partx "$@" ;;
esac`,
  );
  // ",SECTORS" on standard input becomes the second entry's size.
  await writeStandIn(
    join(bin, 'sfdisk'),
    `${note('sfdisk')}
IFS=, read -r _ n
printf "$(printf '\\\\%03o' $((n % 256)) $((n / 256 % 256)) $((n / 65536 % 256)) $((n / 16777216)))" |
	dd of='${root}/dev/mmcblk0' bs=1 seek=474 conv=notrunc status=none`,
  );
  await mkdir(join(root, 'cut-bin'));
  for (const name of [
    'chmod',
    'cp',
    'curl',
    'dd',
    'ip',
    'ln',
    'mv',
    'nft',
    'partx',
    'resize2fs',
    'rm',
    'sfdisk',
    'ssh-keygen',
    'sync',
    'systemctl',
    'tar',
    'wg',
  ]) {
    await writeStandIn(
      join(root, 'cut-bin', name),
      `echo . >>'${root}/cut-bin/count'
[ "$(wc -l <'${root}/cut-bin/count')" -lt "$CUT_AT" ] || kill -KILL 0
PATH=\${PATH#*cut-bin:} exec ${name} "$@"`,
    );
  }
}

async function writeStandIn(file: string, text: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
}

async function shellAsSh(root: string, shell: Shell): Promise<void> {
  const { stdout } = await execa('which', [shell[0]]);
  await execa('ln', ['-sfn', stdout, join(root, 'fake-bin/sh')]);
}
