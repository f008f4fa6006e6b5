import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { readClientTable } from '../../builder/workspace/client-table.ts';
import type { Entry } from '../../builder/workspace/entries.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findProfile } from '../../builder/workspace/find-named.ts';
import { type Finding, formatFinding, sortFindings } from '../../builder/workspace/finding.ts';
import { loadWorkspace, readWorkspace } from '../../builder/workspace/load.ts';
import type { LoadedWorkspace } from '../../builder/workspace/loaded.ts';
import { renderClient } from '../../builder/workspace/render-client.ts';
import type { ClientFile } from '../../builder/workspace/schema.ts';
import { writeFiles } from '../../builder/workspace/write-files.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import { reasonOf } from '../../kit/machine-trouble.ts';
import type { Report, Session } from '../../kit/session.ts';

/** All rows are written that are new, or none: every finding of every row is told first. */
export async function importClients(session: Session, file: string, { dryRun = false }: { readonly dryRun?: boolean }): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const shown = relative(process.cwd(), file) || file;
  const [only, ...others] = workspace.profiles.keys();
  const table = readClientTable(shown, await readTable(file), only !== undefined && others.length === 0 ? { profile: only } : {});
  const there = table.entries.filter(({ name }) => workspace.clients.has(name));
  const added = table.entries.filter((entry) => !there.includes(entry));
  const { findings: ofRows } = await readWorkspace(workspace.folder, { clients: added });
  const errors = [...table.findings, ...there.flatMap((row) => findOther(workspace, row)), ...ofRows].filter(({ level }) => level === 'error');
  if (errors.length > 0) return reportErrors(sortFindings(errors));
  const clients = added.flatMap(({ value }) => value ?? []);
  const files = new Map(clients.map((client) => [`clients/${client.client}.yaml`, renderRow(workspace, client)]));
  if (!dryRun) await writeFiles(workspace.folder, files);
  const json = { findings: [], files: [...files.keys()], written: !dryRun, skipped: there.length };
  return { json, text: [...files.keys(), ...describeDone(files.size, there.length, dryRun)] };
}

function describeDone(written: number, skipped: number, dryRun: boolean): string[] {
  const done = `${dryRun ? 'Would write' : 'Wrote'} ${written} ${written === 1 ? 'client' : 'clients'}`;
  const rest = skipped > 0 ? `; ${skipped} of the table ${skipped === 1 ? 'is' : 'are'} there already, as it says` : '';
  const next = dryRun ? ['Write them: the same command without --dry-run'] : ['Make their cards: semeur build --all'];
  return [`${done}${rest}`, ...(written > 0 ? next : [])];
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

/** A row of a client who is there must say nothing else than their file, which nobody but its writer changes. */
function findOther({ clients, overlays }: LoadedWorkspace, { name, source, findings }: Entry<ClientFile>): Finding[] {
  const client = clients.get(name);
  if (!client || findings.length > 0) return [...findings];
  const inFile = (path: readonly string[]) =>
    leafAt(client, path) ?? (path[0] === 'settings' ? overlays.get(path[1] ?? '')?.settings[path[2] ?? '']?.default : undefined);
  const others = leavesOf(source.value, []).filter(([path, text]) => inFile(path) !== text);
  if (others.length === 0) return [];
  const keys = others.map(([path]) => path.join('.')).join(', ');
  const hint = `The table says otherwise in: ${keys}. Make the row like clients/${name}.yaml, change that file, or choose another short name for somebody else`;
  return [source.error(['client'], `There is a client "${name}" already`, hint)];
}

/** Every text below a value, with the way to it. */
function leavesOf(value: unknown, path: readonly string[]): (readonly [readonly string[], unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inside]) => leavesOf(inside, [...path, key]));
}

function leafAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (inside: unknown, key) => (typeof inside === 'object' && inside !== null ? (inside as Record<string, unknown>)[key] : undefined),
    value,
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
  return { json: { findings, files: [], written: false, skipped: 0 }, text: [...findings.map(formatFinding), last], exitCode: EXIT.usage };
}
