import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import type { Session } from '../../kit/session.ts';
import type { MachineName } from '../platform/emulator.ts';
import { emulatorOf } from '../platform/platforms.ts';
import type { BootFiles } from './boot-files.ts';
import { addToDeviceTree } from './device-tree.ts';
import { describeVirtCommand, machineCommand, type Surroundings } from './machine.ts';
import type { Milestones } from './milestones.ts';
import { type Watch, watchConsole } from './watch.ts';

export interface MachineOptions extends Surroundings {
  readonly machine: MachineName;
  readonly files: BootFiles;
  /** A qcow2 file that nobody else has open. */
  readonly disk: string;
  /** The file that gets what the console says. */
  readonly log: string;
  /** argv prefix of a trial's network, in which the machine's user network then lives. */
  readonly enter?: readonly string[];
  /** Told each time the machine has come further. */
  readonly onMilestone?: (milestones: Milestones) => void;
}

export interface Machine extends Pick<Watch, 'milestones' | 'waitFor'> {
  /** The serial console, both ways. */
  readonly console: Socket;
  /** Resolves when QEMU has ended, by the guest's power-off or ours; rejects when it fails or the session is interrupted. */
  readonly ended: Promise<void>;
  /** Takes the power away: the guest is not asked. */
  powerOff(): Promise<void>;
  /** Kills QEMU, which then writes nothing more: the hardest power cut. */
  kill(): Promise<void>;
}

/** Switches a machine on. It runs until it ends, is switched off, or `session.signal` is aborted; it never outlives this process. */
export async function startMachine({ signal }: Pick<Session, 'signal'>, options: MachineOptions): Promise<Machine> {
  // setpriv, which starts it, would not say so well that it is missing.
  const emulator = emulatorOf(options.machine);
  const hint = `On Debian: "apt-get install ${emulator.package}", or run "semeur doctor"`;
  await runCommand([emulator.program, '--version'], { doing: 'start QEMU', signal, missing: hint });
  // Not in the cache: the path of a socket has 107 bytes at most.
  const folder = await mkdtemp(join(tmpdir(), 'semeur-'));
  const [socket, pidFile] = [join(folder, 'console'), join(folder, 'pid')];
  const deviceTree = options.serial === undefined ? undefined : await writeDeviceTree(join(folder, 'virt.dtb'), options.serial, signal);
  const server = createServer().listen(socket);
  const connected = once(server, 'connection') as Promise<[Socket]>;
  await once(server, 'listening');
  const power = new AbortController();
  let cut = false;
  const qemu = runCommand([...(options.enter ?? []), ...machineCommand(options.machine, { ...options, socket, pidFile, deviceTree })], {
    doing: 'run the emulated machine',
    name: emulator.program,
    signal: AbortSignal.any([signal, power.signal]),
  });
  const stopped = qemu.then(
    () => undefined,
    (error: unknown) => (cut && !signal.aborted ? undefined : { error }),
  );
  const first = await Promise.race([connected, stopped]);
  const watch = Array.isArray(first) ? watchConsole(first[0], options.log, options.onMilestone) : undefined;
  const ended = stopped.then(async (failed) => {
    server.close();
    await watch?.finish(failed?.error);
    await rm(folder, { recursive: true, force: true });
    if (failed) throw failed.error;
  });
  if (!watch || !Array.isArray(first)) {
    await ended;
    throw new Error('QEMU ended without a word');
  }
  // Heard of by whoever waits for the machine.
  ended.catch(() => undefined);
  const stop = async (act: () => unknown) => {
    cut = true;
    await act();
    await ended.catch(() => undefined);
  };
  return {
    console: first[0],
    ended,
    milestones: watch.milestones,
    waitFor: watch.waitFor,
    powerOff: () => stop(() => power.abort()),
    kill: () => stop(() => killProcess(pidFile)),
  };
}

async function writeDeviceTree(file: string, serial: string, signal: AbortSignal): Promise<string> {
  await runCommand(describeVirtCommand(file), { doing: 'ask QEMU what its machine is like', signal });
  await writeFile(file, addToDeviceTree(await readFile(file), 'serial-number', serial));
  return file;
}

/** QEMU removes the file when it ends. */
async function killProcess(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (pid > 0) process.kill(pid, 'SIGKILL');
}
