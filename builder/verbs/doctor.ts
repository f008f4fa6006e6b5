import type { Command } from 'commander';
import { EXIT } from '../failure.ts';
import { checkMachine, type MachineCheck } from '../house/machine.ts';
import { findPrograms, type NeededProgram, renderInstallLine } from '../house/programs.ts';
import type { Report } from '../session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addDoctor(program: Command, run: RunVerb): void {
  program
    .command('doctor')
    .description('what this machine has, what it lacks, what for, and the one line that installs it')
    .addHelpText('after', examples('semeur doctor', 'semeur doctor --json'))
    .action(() => run(doctor));
}

async function doctor(): Promise<Report> {
  const [programs, checks] = await Promise.all([findPrograms(), checkMachine()]);
  const install = renderInstallLine(programs);
  const ok = install === undefined && checks.every((check) => check.ok);
  const text = [
    'Programs:',
    ...programs.map(renderProgram),
    'This machine:',
    ...checks.flatMap(renderCheck),
    ok ? 'Nothing is missing' : install === undefined ? 'No package is missing; see "to do" above' : `Install what is missing, as root: ${install}`,
  ];
  return { json: { ok, programs, checks, install: install ?? null }, text, exitCode: ok ? EXIT.done : EXIT.missingProgram };
}

function renderProgram({ program, package: name, purpose, here }: NeededProgram): string {
  const title = program.startsWith('/') ? (program.split('/').at(-1) ?? program) : program;
  return `  ${here ? 'here   ' : 'MISSING'}  ${title.padEnd(27)} ${purpose}${here ? '' : ` (Debian package ${name})`}`;
}

function renderCheck({ name, ok, found, hint }: MachineCheck): string[] {
  return [`  ${ok ? 'ok     ' : 'TO DO  '}  ${name}: ${found}`, ...(hint === undefined ? [] : [`           → ${hint}`])];
}
