import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { EXIT, Failure } from '../failure.ts';
import { reasonOf } from '../machine-trouble.ts';
import type { Report, Session } from '../session.ts';
import { readClientTable } from '../workspace/client-table.ts';
import type { Entry } from '../workspace/entries.ts';
import { findWorkspace } from '../workspace/find.ts';
import { findProfile } from '../workspace/find-named.ts';
import { type Finding, formatFinding, sortFindings } from '../workspace/finding.ts';
import { loadWorkspace, readWorkspace } from '../workspace/load.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import { renderClient } from '../workspace/render-client.ts';
import type { ClientFile } from '../workspace/schema.ts';
import { writeFiles } from '../workspace/write-files.ts';

/** All rows are written, or none: every finding of every row is told first. */
export async function importClients(session: Session, file: string, { dryRun = false }: { readonly dryRun?: boolean }): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const shown = relative(process.cwd(), file) || file;
  const [only, ...others] = workspace.profiles.keys();
  const table = readClientTable(shown, await readTable(file), only !== undefined && others.length === 0 ? { profile: only } : {});
  const { findings: ofRows } = await readWorkspace(workspace.folder, { clients: table.entries });
  const errors = [...table.findings, ...findTaken(workspace, table.entries), ...ofRows].filter(({ level }) => level === 'error');
  if (errors.length > 0) return reportErrors(sortFindings(errors));
  const clients = table.entries.flatMap(({ value }) => value ?? []);
  const files = new Map(clients.map((client) => [`clients/${client.client}.yaml`, renderRow(workspace, client)]));
  if (!dryRun) await writeFiles(workspace.folder, files);
  const done = `${dryRun ? 'Would write' : 'Wrote'} ${files.size} ${files.size === 1 ? 'client' : 'clients'}`;
  const next = dryRun ? ['Write them: the same command without --dry-run'] : ['Make their cards: semeur build --all'];
  return { json: { findings: [], files: [...files.keys()], written: !dryRun }, text: [...files.keys(), done, ...next] };
}

async function readTable(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(`Cannot open "${file}": ${reasonOf(error)}`, {
      hint: 'Name a CSV file whose first row names the columns: semeur client import --help',
      exitCode: EXIT.usage,
      cause: error,
    });
  });
}

function findTaken({ clients }: LoadedWorkspace, rows: readonly Entry<ClientFile>[]): Finding[] {
  return rows.flatMap(({ name, source }) =>
    clients.has(name) ? [source.error(['client'], `There is a client "${name}" already`, 'Choose another')] : [],
  );
}

function renderRow(workspace: LoadedWorkspace, client: ClientFile): string {
  const { services } = findProfile(workspace, client.profile);
  return renderClient(
    client,
    services.flatMap((service) => workspace.overlays.get(service) ?? []),
    workspace.operator.language,
  );
}

function reportErrors(findings: readonly Finding[]): Report {
  const last = `${findings.length} ${findings.length === 1 ? 'error' : 'errors'} to put right; nothing was written`;
  return { json: { findings, files: [], written: false }, text: [...findings.map(formatFinding), last], exitCode: EXIT.usage };
}
