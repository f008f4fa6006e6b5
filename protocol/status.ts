import { z } from 'zod';
import { SHORT_NAME } from './names.ts';

/** What a service of a card left of how it went, by the kind of fact; what each means is its overlay's word. */
export interface Status {
  /** Seconds since 1970; null: never yet. The first is when it last went well. */
  readonly moments: Readonly<Record<string, number | null>>;
  readonly flags: Readonly<Record<string, boolean>>;
  /** Somebody has to know of each that is true. */
  readonly troubles: Readonly<Record<string, boolean>>;
}

const MOST_SERVICES = 20;
const MOST_FIELDS = 8;
const moment = z.int().min(0).nullable();

/** Named as the overlay names them, in camel case. */
function fields<T extends z.ZodType>(value: T) {
  return z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,31}$/), value).refine((found) => Object.keys(found).length <= MOST_FIELDS);
}

const statusSchema = z.object({ moments: fields(moment), flags: fields(z.boolean()), troubles: fields(z.boolean()) });

/**
 * The members of a heartbeat that say how services went. The first two have places of their own, without kinds, since a home of 0.1.0 knows them there and
 * refuses every other.
 */
export const STATUS_MEMBERS = {
  // Not of a card without backups.
  backup: z.object({ at: moment, failed: z.boolean(), restoreAt: moment, restoreFailed: z.boolean() }).optional(),
  // A card that installs security updates says how that went; `reboot`: one of them works only after a start.
  updates: z.object({ at: moment, failed: z.boolean(), reboot: z.boolean() }).optional(),
  /** By service. */
  status: z
    .record(z.string().regex(SHORT_NAME), statusSchema)
    .refine((found) => Object.keys(found).length <= MOST_SERVICES)
    .optional(),
} as const;

const statusMembers = z.object(STATUS_MEMBERS);
type StatusMembers = z.output<typeof statusMembers>;
export const STATUS_NAMES: readonly string[] = Object.keys(STATUS_MEMBERS);

/** The kinds of the facts that have places of their own. */
const KINDS = {
  backup: { at: 'moments', failed: 'troubles', restoreAt: 'moments', restoreFailed: 'troubles' },
  updates: { at: 'moments', failed: 'troubles', reboot: 'flags' },
} as const satisfies { readonly [Service in 'backup' | 'updates']: Readonly<Record<keyof (StatusMembers[Service] & {}), keyof Status>> };

/** Where a heartbeat has the troubles that have places of their own: "backup.failed". */
export const PLACED_TROUBLES: readonly string[] = Object.entries(KINDS).flatMap(([service, kinds]) =>
  Object.entries(kinds).flatMap(([field, kind]) => (kind === 'troubles' ? [`${service}.${field}`] : [])),
);

/** What a card's services left of how they went, all in one form. */
export function statusesOf({ backup, updates, status = {} }: StatusMembers): [service: string, Status][] {
  const placed = { ...(backup && { backup: sortByKind(backup, KINDS.backup) }), ...(updates && { updates: sortByKind(updates, KINDS.updates) }) };
  return Object.entries({ ...placed, ...status });
}

/** What somebody has to know of, each by its service and its name. */
export function troublesOf(members: StatusMembers): (readonly [service: string, trouble: string])[] {
  return statusesOf(members).flatMap(([service, { troubles }]) => namesOfTrue(troubles).map((name) => [service, name] as const));
}

export function namesOfTrue(flags: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(flags).filter((name) => flags[name]);
}

function sortByKind(values: Readonly<Record<string, unknown>>, kinds: Readonly<Record<string, keyof Status>>): Status {
  const ofKind = (kind: keyof Status) => Object.fromEntries(Object.entries(values).filter(([name]) => kinds[name] === kind));
  return { moments: ofKind('moments'), flags: ofKind('flags'), troubles: ofKind('troubles') } as Status;
}
