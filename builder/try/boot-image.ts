import { basename, join } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import { Failure } from '../../kit/failure.ts';
import type { Note, Session } from '../../kit/session.ts';
import type { MachineName } from '../platform/emulator.ts';
import { withWorkFolder } from '../sandbox/sandbox.ts';
import { type BootFiles, readBootFiles } from './boot-files.ts';
import { openDisk } from './disk.ts';
import { type CardState, describeMilestones, type Milestones } from './milestones.ts';
import { type Machine, startMachine } from './start-machine.ts';
import { ensureSubstituteKernel } from './substitute-kernel.ts';

/** login: the prompt on its console; claimed: a Semeur card that home has taken in, and that has finished its first boot. */
export type Goal = 'login' | 'claimed';

export interface BootOptions {
  readonly machine: MachineName;
  /** Ends once the card is there; null: ends when the machine does, and `attend` is what happens meanwhile. */
  readonly until: Goal | null;
  readonly timeoutSeconds?: number | undefined;
  /** "none": no network at all, as where no cable is plugged in. */
  readonly network?: 'none' | undefined;
  /** A qcow2 file that keeps what the machine writes: made if it isn't there, else booted as it is. Left out: all is thrown away. */
  readonly disk?: string;
  /** The file that gets what the console says. */
  readonly log?: string;
  /** argv prefix of a trial's network: see trial.ts. */
  readonly enter?: readonly string[];
  /** What happens once the card is there, before its power is taken away. */
  readonly visit?: () => Promise<void>;
  /** For a boot without `until`. */
  readonly attend?: (machine: Machine) => Promise<void>;
}

export interface BootResult extends Pick<Milestones, 'hostname' | 'seconds'> {
  readonly image: string;
  readonly machine: MachineName;
  /** Whose kernel was booted: the image's own, or Debian's in its place. */
  readonly kernel: 'image' | 'substitute';
  readonly until: Goal | null;
  readonly card: CardState | null;
  /** The file with all that the console said. */
  readonly console: string;
}

/**
 * A card says that it can't reach home when every endpoint and HTTPS have failed it, and tries them all again after some seconds. When it has come no
 * further after so long, the second round has failed as well.
 */
const PATIENCE_SECONDS = 60;
/** The emulated Pi 3 takes 90 s when it has the computer for itself. */
const TIMEOUT_SECONDS: Record<MachineName, number> = { virt: 300, raspi3b: 600 };

/**
 * Boots an image in QEMU, never writing to it.
 * @throws {Failure} with the console's last lines when what is waited for doesn't come.
 */
export async function bootImage(session: Session, image: string, options: BootOptions): Promise<BootResult> {
  const log = options.log ?? cacheFolder('consoles', `${basename(image)}-${options.machine}.log`);
  return withWorkFolder(async (work) => {
    const { raw, overlay } = await openDisk(session, image, options.disk ?? join(work.path, 'disk.qcow2'));
    const own = await readBootFiles(session, raw, work.path);
    const kernel = own.isRaspberryPis && options.machine === 'virt' ? 'substitute' : 'image';
    const files = kernel === 'substitute' ? { ...own, ...(await ensureSubstituteKernel(session)) } : own;
    if (options.until === 'claimed' && !files.isSemeurCard) {
      throw new Failure(`Cannot wait until "${image}" is claimed: it is no card of Semeur's`, { hint: 'Use "--until login"' });
    }
    const milestones = await run(session, image, options, { files, overlay, log, enter: options.enter ?? [], network: options.network });
    const { hostname, seconds, card } = milestones;
    return { image, machine: options.machine, kernel, until: options.until, hostname, seconds, card, console: log };
  });
}

interface Trial {
  readonly files: BootFiles;
  readonly overlay: string;
  readonly log: string;
  readonly enter: readonly string[];
  readonly network: 'none' | undefined;
}

async function run(session: Session, image: string, options: BootOptions, trial: Trial): Promise<Milestones> {
  const { machine, until, attend, visit } = options;
  // No step: its spinner would be drawn over what the machine says.
  if (until === null) return withMachine(session, machine, trial, undefined, async (running) => attend?.(running));
  const seconds = options.timeoutSeconds ?? TIMEOUT_SECONDS[machine];
  return session.progress.step(`Booting "${basename(image)}" on ${machine}`, (note) =>
    withMachine(session, machine, trial, note, async (running) => {
      if (until === 'login') await running.waitFor('the login prompt', seconds, (reached) => reached.seconds.login !== null);
      else await running.waitFor('the card to be claimed and ready', seconds, (reached) => reached.seconds.ready !== null, PATIENCE_SECONDS);
      await visit?.();
    }),
  );
}

/** Runs a machine for as long as `task` takes. @returns how far it came. */
async function withMachine(
  session: Session,
  machine: MachineName,
  { files, overlay, log, enter, network }: Trial,
  note: Note = () => undefined,
  task: (machine: Machine) => Promise<void>,
): Promise<Milestones> {
  let heard: string | null = null;
  const onMilestone = (milestones: Milestones) => {
    note(describeMilestones(milestones));
    if (milestones.said !== heard) note(`card: ${milestones.said}`, true);
    heard = milestones.said;
  };
  const running = await startMachine(session, { machine, files, disk: overlay, log, enter, network, onMilestone });
  try {
    await task(running);
    return running.milestones();
  } finally {
    await running.powerOff();
  }
}
