import type { Command } from 'commander';
import { EXIT } from '../failure.ts';
import type { Report, Session } from '../session.ts';
import { findWorkspace } from '../workspace/find.ts';
import { formatFinding } from '../workspace/finding.ts';
import { type LoadedWorkspace, readWorkspace } from '../workspace/load.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addCheck(program: Command, run: RunVerb): void {
  program
    .command('check')
    .description('all that is wrong in the workspace, each with its file, line and column')
    .addHelpText('after', examples('semeur check', 'semeur check --workspace my-coop --json'))
    .action(() => run(checkWorkspace));
}

async function checkWorkspace(session: Session): Promise<Report> {
  const { workspace, findings } = await readWorkspace(findWorkspace(session));
  const last = workspace ? describeWell(workspace) : countErrors(findings.filter(({ level }) => level === 'error').length);
  return { json: { findings }, text: [...findings.map(formatFinding), last], exitCode: workspace ? EXIT.done : EXIT.usage };
}

function describeWell({ profiles, clients, overlays }: LoadedWorkspace): string {
  const counts = [count(profiles.size, 'profile'), count(clients.size, 'client'), count(overlays.size, 'overlay')];
  return `All is well: ${counts.join(', ')}`;
}

function countErrors(errors: number): string {
  return `${count(errors, 'error')} to put right`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
