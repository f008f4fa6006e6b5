import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { EXIT, Failure } from '../../kit/failure.ts';
import { checkClients } from './check-clients.ts';
import { checkImages } from './check-containers.ts';
import { checkProfile } from './check-profiles.ts';
import { checkKeys, checkRaspios } from './check-raspios.ts';
import { checkReach } from './check-reach.ts';
import { checkSecrets } from './check-secrets.ts';
import { type Entry, readEntries, readEntry } from './entries.ts';
import { type Finding, formatFinding, sortFindings } from './finding.ts';
import type { LoadedWorkspace } from './loaded.ts';
import { type OverlayEntry, readOverlays } from './overlays.ts';
import { type Planned, withPlanned } from './planned.ts';
import { type Client, type ClientFile, clientSchema, type Operator, operatorSchema, profileSchema } from './schema.ts';
import { findOtherVersion } from './version.ts';

export type { Finding } from './finding.ts';
export type { LoadedOverlay, LoadedWorkspace } from './loaded.ts';

/** @throws {Failure} that lists every error of the workspace. */
export async function loadWorkspace(folder: string): Promise<LoadedWorkspace> {
  const { workspace, findings } = await readWorkspace(folder);
  if (workspace) return workspace;
  throw new Failure(`Cannot use the workspace "${folder}":\n${formatErrors(findings)}`, {
    hint: 'Put this right, then run "semeur check"',
    exitCode: EXIT.usage,
  });
}

/** The workspace as it will be. @throws {Failure} that lists every error, before anything is written. */
export async function loadPlanned(folder: string, planned: Planned): Promise<LoadedWorkspace> {
  const { workspace, findings } = await readWorkspace(folder, planned);
  if (workspace) return workspace;
  throw new Failure(`Cannot write this:\n${formatErrors(findings)}`, { hint: 'Nothing was written: put this right first', exitCode: EXIT.usage });
}

function formatErrors(findings: readonly Finding[]): string {
  const errors = findings.filter(({ level }) => level === 'error');
  return errors.map(formatFinding).join('\n');
}

/** semeur.yaml alone: a mistake in a client's file is no reason for a server not to start. */
export async function loadOperator(folder: string): Promise<Operator> {
  const entry = await readEntry(folder, join(folder, 'semeur.yaml'), 'semeur', operatorSchema);
  if (entry.value) return entry.value;
  const other = findOtherVersion(entry);
  const findings = other ? [other] : entry.findings;
  throw new Failure(`Cannot use the workspace "${folder}":\n${findings.map(formatFinding).join('\n')}`, {
    hint: 'Put this right, then run "semeur check"',
    exitCode: EXIT.usage,
  });
}

/** What is well of one client's own file, whatever else is wrong in the workspace; nothing where there is none. */
export async function loadClientFile(folder: string, client: string): Promise<Partial<ClientFile>> {
  return (await readEntry(folder, join(folder, 'clients', `${client}.yaml`), client, clientSchema)).known;
}

export interface ReadWorkspace {
  readonly workspace: LoadedWorkspace | undefined;
  readonly findings: Finding[];
  /** Warnings besides: what can't work out there, and does for a try. */
  readonly doubts: Finding[];
}

/**
 * Reads every file and finds all that is wrong; the workspace is given when nothing must be put right first.
 * @param planned what is about to be written, seen as if it were.
 */
export async function readWorkspace(given: string, planned: Planned = {}): Promise<ReadWorkspace> {
  const folder = resolve(given);
  const operator = planned.operator ?? (await readEntry(folder, join(folder, 'semeur.yaml'), 'semeur', operatorSchema));
  const other = findOtherVersion(operator);
  if (other) return { workspace: undefined, findings: [other], doubts: [] };
  const { overlays, findings: ofOverlays } = await readOverlays(folder);
  const profiles = await readAll(folder, 'profiles', profileSchema, planned.profiles);
  const clients = await readAll(folder, 'clients', clientSchema, planned.clients);
  const byName = { overlays, profiles: new Map(profiles.entries.map((entry) => [entry.name, entry])) };
  const findings = sortFindings([
    ...operator.findings,
    ...ofOverlays,
    ...[profiles, clients].flatMap((read) => [...read.findings, ...read.entries.flatMap((entry) => entry.findings)]),
    ...profiles.entries.flatMap((entry) => checkProfile(entry, overlays, operator.known.images)),
    ...checkImages(operator, overlays),
    ...(await checkKeys(folder, operator)),
    ...(await Promise.all(profiles.entries.map((entry) => checkRaspios(folder, entry)))).flat(),
    ...checkClients(clients.entries, byName),
    ...(await checkSecrets(folder)),
  ]);
  const doubts = sortFindings(checkReach(operator, clients.entries, overlays));
  const { value } = operator;
  if (!value || findings.some(({ level }) => level === 'error')) return { workspace: undefined, findings, doubts };
  const workspace: LoadedWorkspace = {
    folder,
    doubts,
    operator: value,
    profiles: valuesByName(profiles.entries),
    clients: valuesByName(clients.entries.map((entry) => ({ ...entry, value: entry.value && complete(entry.value, value) }))),
    overlays: valuesByName([...overlays.values()].map((entry) => ({ ...entry, value: withFolder(entry) }))),
  };
  return { workspace, findings, doubts };
}

async function readAll<S extends z.ZodObject>(folder: string, kind: string, schema: S, planned?: readonly Entry<z.output<S>>[]) {
  const { entries, findings } = await readEntries(folder, kind, schema);
  return { entries: withPlanned(entries, planned), findings };
}

function complete(client: ClientFile, operator: Operator): Client {
  const { language = operator.language, timezone = operator.timezone, hostname = client.client } = client;
  return { ...client, language, timezone, hostname };
}

function withFolder({ value, folder }: OverlayEntry) {
  return value && { ...value, folder };
}

function valuesByName<T>(entries: readonly Pick<Entry<T>, 'name' | 'value'>[]): Map<string, T> {
  return new Map(entries.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])));
}
