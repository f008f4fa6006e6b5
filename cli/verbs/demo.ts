import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildCards } from '../../builder/cards/build-cards.ts';
import { FOR_TRIAL, tryCard } from '../../builder/cards/try-card.ts';
import type { BootResult } from '../../builder/try/boot-image.ts';
import { requireTrial } from '../../builder/try/needs.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import { listFleet } from '../../home/store/fleet.ts';
import { withFleet } from '../../home/store/with-fleet.ts';
import type { Progress, Report, Session } from '../../kit/session.ts';
import { describeBuilt } from './build.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
/** Accents and an apostrophe in its name: what goes wrong goes wrong here first. */
const BOOTED = 'lherbier';

export function addDemo(program: Command, run: RunVerb): void {
  program
    .command('demo')
    .description('the main job on a copy of examples/ in out/demo/: a profile, three clients, one of them booted in QEMU')
    .addHelpText('after', examples('semeur demo', 'semeur demo --json'))
    .action(() => run(demo));
}

async function demo(session: Session): Promise<Report> {
  await requireTrial(session);
  const start = performance.now();
  const { progress, steps } = timeSteps(session.progress);
  const timed = { ...session, progress, workspace: await copyExamples() };
  const home = join(timed.workspace, 'home');
  // Each demo is a new card's first day: a home that has taken it in before would rightly turn it away.
  await rm(home, { recursive: true, force: true });
  const workspace = await loadWorkspace(timed.workspace);
  const built = await buildCards(timed, workspace, [...workspace.clients.values()], { ...FOR_TRIAL, format: 'xz', now: new Date() });
  const image = join(built.out, `${BOOTED}.img.xz`);
  const booted = await tryCard(timed, { workspace, image }, { timeoutSeconds: 600 });
  const fleet = withFleet(home, (database) => listFleet(database, Date.now()));
  const seconds = (performance.now() - start) / 1000;
  const text = [
    ...describeBuilt(built),
    '',
    ...steps.map((step) => `${step.seconds.toFixed(1).padStart(7)} s  ${step.title}`),
    `${seconds.toFixed(1).padStart(7)} s  in all`,
    '',
    ...describeCard(booted),
    '',
    'The fleet, as home knows it:',
    ...fleet.map(({ client, state, address }) => `  ${client.padEnd(12)} ${state.padEnd(10)} ${address ?? ''}`.trimEnd()),
  ];
  return { json: { ...built, booted, fleet, steps, seconds }, text };
}

function describeCard({ hostname, card, console: log }: BootResult): string[] {
  const facts =
    card === null
      ? []
      : [
          `  root file system  ${card.rootBytes} bytes, grown to the card`,
          `  seed region       ${card.region}`,
          `  SSH host key      ${card.hostKey}, its own`,
        ];
  return [`The card of "${BOOTED}" booted as "${hostname}":`, ...facts, `  console           ${log}`];
}

/** Keeps the copy's secrets, locks and images: the second demo is quick, as an operator's second build is. */
async function copyExamples(): Promise<string> {
  const folder = join(CHECKOUT, 'out', 'demo');
  await mkdir(folder, { recursive: true });
  await cp(join(CHECKOUT, 'examples'), folder, { recursive: true });
  return folder;
}

function timeSteps(progress: Progress): { progress: Progress; steps: { title: string; seconds: number }[] } {
  const steps: { title: string; seconds: number }[] = [];
  return {
    steps,
    progress: {
      ...progress,
      async step(title, task) {
        const start = performance.now();
        try {
          return await progress.step(title, task);
        } finally {
          steps.push({ title, seconds: (performance.now() - start) / 1000 });
        }
      },
    },
  };
}
