import { basename, dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MACHINES, type MachineName } from '../../builder/platform/emulator.ts';
import { withWorkFolder } from '../../builder/sandbox/sandbox.ts';
import { attendTerminal } from '../../builder/try/attend.ts';
import { type BootOptions, type BootResult, bootImage } from '../../builder/try/boot-image.ts';
import { describeMilestones } from '../../builder/try/milestones.ts';
import { withTrial } from '../../builder/try/trial.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { loadWorkspace } from '../../builder/workspace/load.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

interface Options {
  readonly machine: MachineName;
  readonly until?: 'login' | 'claimed';
  readonly timeout?: number;
}

export function addBoot(program: Command, run: RunVerb): void {
  program
    .command('boot')
    .argument('<image>', '.img, .img.xz or .img.zst; it is not changed')
    .description('try a card in QEMU, with its console on this terminal until it is switched off, or Ctrl-C')
    .addOption(new Option('--machine <machine>', 'virt is fast; raspi3b is an emulated Raspberry Pi 3').choices(MACHINES).default('virt'))
    .addOption(new Option('--until <state>', 'end when the card has come so far (without a terminal: login)').choices(['login', 'claimed']))
    .option('--timeout <seconds>', 'give up after so long (default: 300, for raspi3b 600)', readSeconds)
    .addHelpText(
      'after',
      examples(
        'semeur boot out/durand.img.xz',
        'semeur boot out/durand.img.xz --until claimed',
        'semeur boot out/durand.img --machine raspi3b --until login',
      ),
    )
    .action((image: string, options: Options) => run((session) => boot(session, image, options)));
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('Give a number of seconds.');
  return seconds;
}

async function boot(session: Session, image: string, { machine, until, timeout }: Options): Promise<Report> {
  const goal = until ?? (process.stdin.isTTY ? null : 'login');
  const options = { machine, until: goal, timeoutSeconds: timeout, attend: attendTerminal };
  const result = goal === 'claimed' ? await bootClaimed(session, image, options) : await bootImage(session, image, options);
  return { json: result, text: describe(result) };
}

/** Beside a home of the trial's own, which knows the workspace's clients and forgets them with the trial. */
async function bootClaimed(session: Session, image: string, options: BootOptions): Promise<BootResult> {
  const workspace = await loadWorkspace(findWorkspace(session, dirname(image)));
  return withWorkFolder((work) =>
    withTrial(session, workspace, join(work.path, 'home'), ({ enter }) => bootImage(session, image, { ...options, enter })),
  );
}

function describe({ image, machine, kernel, hostname, seconds, card, console }: BootResult): string[] {
  const head = `Booted "${basename(image)}" on ${machine}${hostname === null ? '' : ` as "${hostname}"`}: ${describeMilestones({ seconds }) || 'it said nothing'}`;
  const region = card?.region === 'wiped' ? 'nothing of the seed is left on the card' : `the seed region is ${card?.region}`;
  const substitute = kernel === 'substitute' ? ["With Debian's kernel: the image's own has no drivers for this machine"] : [];
  return [
    head,
    ...substitute,
    ...(card ? [`Root file system of ${card.rootBytes} bytes, ${region}, host key ${card.hostKey}`] : []),
    `Its console: ${console}`,
  ];
}
