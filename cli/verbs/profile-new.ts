import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { BOARDS } from '../../builder/platform/boards.ts';
import { BASES, DEFAULT_BASE } from '../../builder/platform/platforms.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findProfile } from '../../builder/workspace/find-named.ts';
import { loadPlanned, loadWorkspace } from '../../builder/workspace/load.ts';
import { planProfile } from '../../builder/workspace/new-profile.ts';
import { planFiles } from '../../builder/workspace/planned.ts';
import type { Profile } from '../../builder/workspace/schema.ts';
import { writeFiles } from '../../builder/workspace/write-files.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

interface NewOptions {
  readonly from?: string;
  readonly base?: Profile['base'];
  readonly board?: Profile['boards'];
  readonly service?: string[] | false;
}

/** Under `profile`: one more, for clients who need something else. */
export function addNewProfile(profile: Command, run: RunVerb): void {
  profile
    .command('new')
    .description('describe one more profile, for clients whose card is to be another')
    .argument('<name>', 'a short name: small letters, digits and hyphens')
    .option('--from <profile>', "take another's file, and change what is said here")
    .addOption(new Option('--base <base>', `its operating system (default: ${DEFAULT_BASE})`).choices(BASES))
    .addOption(new Option('--board <board...>', 'the Raspberry Pi models it must run on (default: all of the base)').choices(BOARDS))
    .option('--service <name...>', 'what it offers (default: website)')
    .option('--no-service', 'it offers nothing yet')
    .addHelpText('after', examples('semeur profile new atelier --service website calendar', 'semeur profile new maison-plus --from maison'))
    .action((name: string, options: NewOptions) => run((session) => addProfileFile(session, name, options)));
}

async function addProfileFile(session: Session, profile: string, { from, base, board, service }: NewOptions): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const { folder } = workspace;
  const model = from === undefined ? undefined : await readFile(join(folder, `profiles/${findProfile(workspace, from).profile}.yaml`), 'utf8');
  const text = planProfile(workspace, { profile, base, boards: board, services: service === false ? [] : service }, model);
  const path = `profiles/${profile}.yaml`;
  const file = join(folder, path);
  if (existsSync(file)) throw new Failure(`Cannot write "${file}": it is there already`, { hint: 'Choose another name', exitCode: EXIT.usage });
  const files = new Map([[path, text]]);
  await loadPlanned(folder, planFiles(files));
  await writeFiles(folder, files);
  const next = ['Its clients:', `  semeur client new NAME --profile ${profile}`, `  semeur client set CLIENT --profile ${profile}`];
  return { json: { profile, file }, text: [`Wrote "${relative(process.cwd(), file)}"`, ...next] };
}
