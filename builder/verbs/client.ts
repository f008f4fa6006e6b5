import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { writeFileAtomically } from '../atomic-file.ts';
import { EXIT, Failure } from '../failure.ts';
import type { Report, Session } from '../session.ts';
import { findWorkspace } from '../workspace/find.ts';
import { loadWorkspace } from '../workspace/load.ts';
import { planClient } from '../workspace/new-client.ts';
import { LANGUAGES } from '../workspace/schema.ts';
import type { RunVerb } from './verb.ts';

interface NewClientOptions {
  readonly name?: string;
  readonly profile?: string;
  readonly language?: string;
  readonly hostname?: string;
}

export function addClient(program: Command, run: RunVerb): void {
  program
    .command('client')
    .description('the clients of the workspace')
    .command('new')
    .description('describe one more client')
    .argument('<client>', 'a short name: small letters, digits and hyphens')
    .option('--name <name>', 'as people read it')
    .option('--profile <profile>', 'what their card is (default: the only profile)')
    .addOption(new Option('--language <language>', "of their pages and leaflet (default: the operator's)").choices(LANGUAGES))
    .option('--hostname <name>', 'of their Pi (default: the short name)')
    .action((client: string, options: NewClientOptions) => run((session) => addNewClient(session, client, options)));
}

async function addNewClient(session: Session, client: string, options: NewClientOptions): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const text = planClient(workspace, { client, name: client, ...options });
  const file = join(workspace.folder, 'clients', `${client}.yaml`);
  if (existsSync(file)) throw new Failure(`Cannot write "${file}": it is there already`, { exitCode: EXIT.usage });
  await writeFileAtomically(file, text);
  const shown = relative(process.cwd(), file);
  const next = ['Fill in its settings, then:', '  semeur check', `  semeur build ${client}`];
  return { json: { client, file }, text: [`Wrote "${shown}"`, ...next] };
}
