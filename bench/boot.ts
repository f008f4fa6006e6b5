import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { withWorkFolder } from '../builder/sandbox/sandbox.ts';
import { type BootFiles, readBootFiles } from '../builder/try/boot-files.ts';
import { makeCard } from '../builder/try/disk.ts';
import { type Machine, startMachine } from '../builder/try/start-machine.ts';
import { withTrial } from '../builder/try/trial.ts';
import { type LoadedWorkspace, loadWorkspace } from '../builder/workspace/load.ts';
import { listFleet } from '../home/store/fleet.ts';
import { withFleet } from '../home/store/with-fleet.ts';
import type { Session } from '../kit/session.ts';
import { buildBenchCard } from './bench-card.ts';
import { type Benchmark, median } from './benchmark.ts';

const ROUNDS = 5;
const SECONDS = 600;
const LOOK_MS = 100;
/** Otherwise systemd tells the console of targets only as long as nothing else is told. The same for both. */
const STATUS = 'systemd.show_status=yes';

/** The same image on a new card each time, in turn, so that a busy computer is no better to one than to the other. */
export const bootBenchmark: Benchmark = {
  name: 'boot',
  title: `from power-on until home has taken the card in, against the start-up of the same card that never enrols; medians of ${ROUNDS}, in turn`,
  run: (session) =>
    withWorkFolder(async (work) => {
      const { workspace: folder, image } = await buildBenchCard(session, 'lherbier');
      const workspace = await loadWorkspace(folder);
      const files = await readBootFiles(session, image, work.path);
      const card = { session, workspace, image, files };
      const claims: number[] = [];
      const plain: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const place = (name: string) => join(work.path, `${name}-${round}`);
        await session.progress.step(`Round ${round + 1} of ${ROUNDS}`, async () => {
          claims.push(await timeBoot(card, place('claim'), STATUS, untilClaimed));
          plain.push(await timeBoot(card, place('plain'), `${STATUS} systemd.mask=semeur-enrol.service`, untilStarted));
        });
      }
      const ratio = median(claims) / median(plain);
      return {
        columns: ['', 'median', ...claims.map((_, index) => `${index + 1}`)],
        rows: [
          ['claimed by home', ...[median(claims), ...claims].map(showSeconds)],
          ['multi-user.target without enrolment', ...[median(plain), ...plain].map(showSeconds)],
          ['ratio', ratio.toFixed(2)],
        ],
        json: { claimSeconds: claims, plainSeconds: plain, ratio },
      };
    }),
};

interface NewCard {
  readonly session: Session;
  readonly workspace: LoadedWorkspace;
  readonly image: string;
  readonly files: BootFiles;
}

/** @returns the seconds from power-on until what `until` waits for. */
async function timeBoot(
  { session, workspace, image, files }: NewCard,
  place: string,
  kernelArguments: string,
  until: (machine: Machine, home: string, signal: AbortSignal) => Promise<unknown>,
): Promise<number> {
  const [disk, home] = [`${place}.qcow2`, `${place}-home`];
  await makeCard(session, image, disk);
  return withTrial(session, workspace, home, async ({ enter }) => {
    const machine = await startMachine(session, { machine: 'virt', files, disk, log: `${place}.log`, enter, kernelArguments });
    const start = performance.now();
    try {
      await until(machine, home, session.signal);
      return (performance.now() - start) / 1000;
    } finally {
      await machine.powerOff();
    }
  });
}

async function untilStarted(machine: Machine): Promise<void> {
  await machine.waitFor('multi-user.target', SECONDS, (_, line) => /Reached target .*multi-user\.target/.test(line));
}

/** Home accepts: so home's database says when. */
async function untilClaimed(_: Machine, home: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + SECONDS * 1000;
  const isClaimed = () => withFleet(home, (database) => listFleet(database, Date.now()).some(({ state }) => state !== 'ordered'));
  while (!isClaimed()) {
    if (performance.now() > deadline) throw new Error(`no claim in ${SECONDS} s`);
    await setTimeout(LOOK_MS, undefined, { signal });
  }
}

function showSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}
