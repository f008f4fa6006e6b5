import type { LoadedWorkspace } from '../workspace/load.ts';
import type { Overlay } from '../workspace/overlay-schema.ts';
import type { Client } from '../workspace/schema.ts';
import { type ClientKeys, ensureClientKeys, findAccount } from './keys.ts';

/** Somebody whom a setting of a service names, and who has an account of their own there. */
export interface NamedPerson {
  /** The account's, in the overlay, the seed's templates and the client's keys. */
  readonly id: string;
  readonly name: string;
  /** What the leaflet calls the name. */
  readonly title: Overlay['accounts'][number]['title'];
}

/** @param services whose people are wanted. */
export function listNamedPeople({ settings }: Client, services: readonly string[], overlays: LoadedWorkspace['overlays']): NamedPerson[] {
  return services.flatMap((service) => {
    const { accounts = [], settings: asked = {} } = overlays.get(service) ?? {};
    return accounts.flatMap(({ id, of, title }) => {
      const name = settings[service]?.[of] ?? asked[of]?.default ?? '';
      return name === '' ? [] : [{ id, name, title }];
    });
  });
}

/** The client's keys, and the people whom their services' settings name, each with a password. What is missing is made. */
export async function ensurePeople({ folder, profiles, overlays }: LoadedWorkspace, client: Client, now: Date = new Date()) {
  const people = listNamedPeople(client, profiles.get(client.profile)?.services ?? [], overlays);
  const keys = await ensureClientKeys(folder, client.client, now, idsOf(people));
  return { keys, people: people.map((person) => ({ ...person, password: accountOf(keys, person).password })) };
}

export function idsOf(people: readonly NamedPerson[]): string[] {
  return people.map(({ id }) => id);
}

/** @throws {Error} when it was not made before: that is a bug of the caller. */
export function accountOf(keys: ClientKeys, { id }: NamedPerson): ReturnType<typeof findAccount> & {} {
  const account = findAccount(keys, id);
  if (!account) throw new Error(`no account was made for "${id}"`);
  return account;
}
