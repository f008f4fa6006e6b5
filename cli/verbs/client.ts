import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { changeClient } from '../../builder/workspace/change-client.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { loadPlanned, loadWorkspace } from '../../builder/workspace/load.ts';
import { planClient } from '../../builder/workspace/new-client.ts';
import { planFiles } from '../../builder/workspace/planned.ts';
import { writeFiles } from '../../builder/workspace/write-files.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { importClients } from './client-import.ts';
import { addClientLeaflet } from './client-leaflet.ts';
import { addClientOptions, type ClientOptions, readClientOptions } from './client-options.ts';
import { addClientPage } from './client-page.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

interface SetOptions extends ClientOptions {
  readonly wifi: boolean;
}

export function addClient(program: Command, run: RunVerb): void {
  const client = program.command('client').description('the clients of the workspace');
  addClientPage(client, run);
  addClientLeaflet(client, run);
  addClientOptions(client.command('new'))
    .description('describe one more client')
    .argument('<name>', 'a short name: small letters, digits and hyphens')
    .addHelpText(
      'after',
      examples(
        "semeur client new durand --name 'Famille Durand' --set 'website.title=Chez les Durand'",
        'semeur client new zoe --language en --wifi-ssid Livebox-5F2E --wifi-password-stdin <password.txt',
      ),
    )
    .action((name: string, options: ClientOptions) => run((session) => addNewClient(session, name, options)));
  addClientOptions(client.command('set'))
    .description("change a client's file: what is named, and no other line; an empty text takes a key out")
    .argument('<client>', 'as in clients/NAME.yaml')
    .option('--no-wifi', 'a cable reaches their card now')
    .addHelpText(
      'after',
      examples("semeur client set durand --name 'Les Durand' --set website.text='Bonjour'", "semeur client set durand --hostname '' --no-wifi"),
    )
    .action((name: string, options: SetOptions) => run((session) => setClient(session, name, options)));
  client
    .command('import')
    .description('describe many clients at once, from a table; all of them, or none when something is wrong')
    .argument('<file>', 'CSV whose first row names keys of clients/NAME.yaml: client, name, profile, settings.website.title, wifi.ssid…')
    .option('--dry-run', 'only say what would be written, and what is wrong')
    .addHelpText('after', examples('semeur client import clients.csv --dry-run', 'semeur client import clients.csv'))
    .action((file: string, options: { dryRun?: boolean }) => run((session) => importClients(session, file, options)));
}

async function addNewClient(session: Session, client: string, options: ClientOptions): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const text = planClient(workspace, { client, name: client, ...(await readClientOptions(options)) });
  const path = `clients/${client}.yaml`;
  const file = join(workspace.folder, path);
  if (existsSync(file)) throw new Failure(`Cannot write "${file}": it is there already`, { exitCode: EXIT.usage });
  const files = new Map([[path, text]]);
  await loadPlanned(workspace.folder, planFiles(files));
  await writeFiles(workspace.folder, files);
  const next = ['Fill in its settings, then:', '  semeur check', `  semeur build ${client}`];
  return { json: { client, file }, text: [`Wrote "${relative(process.cwd(), file)}"`, ...next] };
}

async function setClient(session: Session, name: string, { wifi, ...options }: SetOptions): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const { client } = findClient(workspace, name);
  const path = `clients/${client}.yaml`;
  const file = join(workspace.folder, path);
  const change = await readClientOptions(options);
  const before = await readFile(file, 'utf8');
  const text = changeClient(before, wifi ? change : { ...change, wifi: null });
  if (text === before) return { json: { client, file, changed: false }, text: [`"${client}" is like that already`] };
  const files = new Map([[path, text]]);
  await loadPlanned(workspace.folder, planFiles(files));
  await writeFiles(workspace.folder, files);
  return { json: { client, file, changed: true }, text: [`Changed "${relative(process.cwd(), file)}"; for a new card: semeur build ${client}`] };
}
