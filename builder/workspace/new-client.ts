import { EXIT, Failure } from '../../kit/failure.ts';
import { refuseSetting } from './check-clients.ts';
import type { LoadedWorkspace } from './loaded.ts';
import { readValue } from './read-value.ts';
import { type NewClient, renderClient } from './render-client.ts';
import type { Refusal } from './rules/rule.ts';
import { suggestHint } from './rules/suggest.ts';
import { clientSchema, type Profile } from './schema.ts';
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
  const taken = refuseNames(workspace, asked) ?? refuseSettings(workspace, profile, asked.settings ?? {});
  if (taken) throw refuse(asked.client, taken.message, taken.hint);
  return text;
}

function onlyProfile({ profiles }: LoadedWorkspace): string {
  const [first, ...others] = profiles.keys();
  if (first !== undefined && others.length === 0) return first;
  const hint = first === undefined ? 'Add one first: semeur profile new maison' : `Say which with --profile: ${[first, ...others].join(', ')}`;
  throw new Failure('Cannot choose a profile for the client', { hint, exitCode: EXIT.usage });
}

/** Whether another client has these names already. */
export function refuseNames(
  { clients }: Pick<LoadedWorkspace, 'clients'>,
  { client, hostname = client }: Pick<NewClient, 'client' | 'hostname'>,
): Refusal | undefined {
  if (clients.has(client)) return { message: 'there is one of this name already', hint: 'Choose another' };
  const other = [...clients.values()].find((existing) => existing.hostname === hostname);
  return other ? { message: `the host name "${hostname}" is taken by "${other.client}"`, hint: 'Choose another with --hostname' } : undefined;
}

/** Only what the profile's services ask for is rendered: whatever else was said would be lost without a word. */
function refuseSettings({ overlays }: LoadedWorkspace, { profile, services }: Profile, said: NewClient['settings'] & {}): Refusal | undefined {
  for (const [service, texts] of Object.entries(said)) {
    if (!services.includes(service)) return { message: `the profile "${profile}" has no service "${service}"`, hint: suggestHint(service, services) };
    const known = overlays.get(service)?.settings ?? {};
    for (const [key, text] of Object.entries(texts)) {
      const setting = Object.hasOwn(known, key) ? known[key] : undefined;
      if (!setting) return { message: `"${service}" has no setting "${key}"`, hint: suggestHint(key, Object.keys(known)) };
      const reason = refuseSetting(text, setting);
      if (reason !== undefined) return { message: `its setting "${service}.${key}": ${reason}` };
    }
  }
  return undefined;
}

function refuse(client: string, reason: string, hint: string | undefined): Failure {
  return new Failure(`Cannot add the client "${client}": ${reason}`, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) });
}
