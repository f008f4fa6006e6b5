import { EXIT, Failure } from '../failure.ts';
import type { LoadedWorkspace } from './loaded.ts';
import { readValue } from './read-value.ts';
import { type NewClient, renderClient } from './render-client.ts';
import { suggestHint } from './rules/suggest.ts';
import { clientSchema } from './schema.ts';
import { parseSource } from './source.ts';

/**
 * The file of one more client of a workspace.
 * @throws {Failure} when a name can't be taken, or is.
 */
export function planClient(workspace: LoadedWorkspace, asked: Omit<NewClient, 'profile'> & { readonly profile?: string | undefined }): string {
  const { operator, profiles, overlays } = workspace;
  const profile = profiles.get(asked.profile ?? onlyProfile(workspace));
  if (!profile) throw refuse(asked.client, `there is no profile "${asked.profile}"`, suggestHint(asked.profile ?? '', [...profiles.keys()]));
  const services = profile.services.flatMap((service) => overlays.get(service) ?? []);
  const text = renderClient({ ...asked, profile: profile.profile }, services, operator.language);
  const [finding] = readValue(clientSchema, parseSource(`clients/${asked.client}.yaml`, Buffer.from(text))).findings;
  if (finding) throw refuse(asked.client, `${finding.message.charAt(0).toLowerCase()}${finding.message.slice(1)}`, finding.hint);
  checkFree(workspace, asked);
  return text;
}

function onlyProfile({ profiles }: LoadedWorkspace): string {
  const [first, ...others] = profiles.keys();
  if (first !== undefined && others.length === 0) return first;
  const hint = first === undefined ? 'Write a profile first: profiles/maison.yaml' : `Say which with --profile: ${[first, ...others].join(', ')}`;
  throw new Failure('Cannot choose a profile for the client', { hint, exitCode: EXIT.usage });
}

function checkFree({ clients }: LoadedWorkspace, { client, hostname = client }: Pick<NewClient, 'client' | 'hostname'>): void {
  if (clients.has(client)) throw refuse(client, 'there is one of this name already', 'Choose another');
  const other = [...clients.values()].find((existing) => existing.hostname === hostname);
  if (other) throw refuse(client, `the host name "${hostname}" is taken by "${other.client}"`, 'Choose another with --hostname');
}

function refuse(client: string, reason: string, hint: string | undefined): Failure {
  return new Failure(`Cannot add the client "${client}": ${reason}`, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
}
