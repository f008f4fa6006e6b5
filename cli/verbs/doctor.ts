import { Argument, type Command } from 'commander';
import { checkMachine, type MachineCheck } from '../../builder/house/machine.ts';
import {
  findPrograms,
  type Installation,
  JOB_NAMES,
  type Job,
  type NeededProgram,
  planInstallation,
  programsOf,
} from '../../builder/house/programs.ts';
import { EXIT } from '../../kit/failure.ts';
import type { Report } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addDoctor(program: Command, run: RunVerb): void {
  program
    .command('doctor')
    .description(
      'what this machine has and lacks for its job (to build cards, to be the server, to run the tests), and the one line that installs it',
    )
    .addArgument(new Argument('[job...]', 'what it is to do; without it, builder').choices(JOB_NAMES))
    .addHelpText('after', examples('semeur doctor', 'semeur doctor server', 'semeur doctor builder tests --json'))
    .action((jobs: Job[]) => run(() => doctor(jobs.length === 0 ? ['builder'] : jobs)));
}

const TITLES: Readonly<Record<Job, string>> = {
  builder: 'To build cards and try them (builder)',
  server: 'To be the server that cards call (server)',
  tests: 'To run the tests (tests)',
};

interface JobState {
  readonly job: Job;
  readonly programs: readonly NeededProgram[];
  readonly checks: readonly MachineCheck[];
  readonly installation: Installation | undefined;
  readonly ok: boolean;
}

/** Whether it is well, and the exit code, speak of `jobs`; of the others a line is told. */
async function doctor(jobs: readonly Job[]): Promise<Report> {
  const all = await findPrograms();
  const [sandbox, server] = await Promise.all([checkMachine('builder'), checkMachine('server')]);
  // Tests build and try cards, so what is looked at for builders is looked at for them.
  const states = await Promise.all(JOB_NAMES.map((job) => examine(job, all, job === 'server' ? server : sandbox)));
  const asked = states.filter(({ job }) => jobs.includes(job));
  const installation = await planInstallation(programsOf(all, jobs));
  const ok = asked.every((state) => state.ok);
  const checks = asked.flatMap((state) => state.checks).filter(({ name }, at, list) => list.findIndex((other) => other.name === name) === at);
  const text = [
    ...asked.flatMap(({ job, programs }) => [`${TITLES[job]}:`, ...programs.map(renderProgram)]),
    ...(checks.length === 0 ? [] : ['This machine:', ...checks.flatMap(renderCheck)]),
    ...states.filter((state) => !asked.includes(state)).map(renderOther),
    ...renderEnd(ok, installation),
  ];
  const json = {
    ok,
    programs: programsOf(all, jobs),
    checks,
    install: installation?.line ?? null,
    jobs: Object.fromEntries(states.map((state) => [state.job, describe(state)])),
  };
  return { json, text, exitCode: ok ? EXIT.done : EXIT.missingProgram };
}

async function examine(job: Job, all: readonly NeededProgram[], checks: readonly MachineCheck[]): Promise<JobState> {
  const programs = programsOf(all, [job]);
  const installation = await planInstallation(programs);
  return { job, programs, checks, installation, ok: installation === undefined && checks.every((check) => check.ok) };
}

function describe({ ok, installation, checks }: JobState) {
  return { ok, install: installation?.line ?? null, toDo: checks.filter((check) => !check.ok).map(({ name }) => name) };
}

function renderProgram({ program, package: name, purpose, here }: NeededProgram): string {
  const title = program.startsWith('/') ? (program.split('/').at(-1) ?? program) : program;
  return `  ${here ? 'here   ' : 'MISSING'}  ${title.padEnd(27)} ${purpose}${here ? '' : ` (Debian package ${name})`}`;
}

function renderCheck({ name, ok, found, hint }: MachineCheck): string[] {
  return [`  ${ok ? 'ok     ' : 'TO DO  '}  ${name}: ${found}`, ...(hint === undefined ? [] : [`           → ${hint}`])];
}

function renderOther({ job, ok }: JobState): string {
  return `${TITLES[job]}: ${ok ? 'all is here' : `not all is here, nor need it be; see: semeur doctor ${job}`}`;
}

function renderEnd(ok: boolean, installation: Installation | undefined): string[] {
  if (ok) return ['Nothing is missing'];
  if (!installation) return ['No package is missing; see "to do" above'];
  const { line, servers } = installation;
  const quiet = servers.length === 0 ? [] : [`It switches off again what these packages start by themselves: ${servers.join(', ')}`];
  return [...quiet, `Install what is missing, as root: ${line}`];
}
