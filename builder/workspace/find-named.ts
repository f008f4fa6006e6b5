import { EXIT, Failure } from '../../kit/failure.ts';
import type { LoadedWorkspace } from './loaded.ts';
import { suggestHint } from './rules/suggest.ts';
import type { Client, Profile } from './schema.ts';

/** A client that a command line names. @throws {Failure} with the one that was meant, else those that there are. */
export function findClient({ clients }: Pick<LoadedWorkspace, 'clients'>, name: string): Client {
  return clients.get(name) ?? refuse('client', name, [...clients.keys()], 'Add one: semeur client new NAME');
}

/** A profile that a command line names. @throws {Failure} with the one that was meant, else those that there are. */
export function findProfile({ profiles }: Pick<LoadedWorkspace, 'profiles'>, name: string): Profile {
  return profiles.get(name) ?? refuse('profile', name, [...profiles.keys()], `Add one: semeur profile new ${name}`);
}

function refuse(what: string, name: string, known: readonly string[], first: string): never {
  throw new Failure(`Cannot find the ${what} "${name}" in the workspace`, {
    hint: known.length > 0 ? suggestHint(name, known) : first,
    exitCode: EXIT.usage,
  });
}
