import type { Heartbeat } from '../../protocol/requests.ts';
import { namesOfTrue, type Status, statusesOf, troublesOf } from '../../protocol/status.ts';
import { type Fact, wordFor } from './facts.ts';
import { moment } from './measures.ts';
import type { Words } from './words-en.ts';

/** What services say went wrong. A service of an operator's own is told of by the names that its overlay has. */
export function describeTroubles(health: Heartbeat, words: Words): string[] {
  return troublesOf(health).map(([service, name]) => word(service, name, words));
}

/** Each service that says how it went: what is wrong, or when it last went well. */
export function describeStatuses(health: Heartbeat, words: Words): Fact[] {
  return statusesOf(health).map(([service, status]) => [wordFor(service, words.beat), describe(service, status, words)]);
}

function describe(service: string, { moments, flags, troubles }: Status, words: Words): string {
  const [last] = Object.values(moments);
  const wrong = namesOfTrue(troubles);
  const went = wrong.length > 0 || last === undefined ? [] : [last === null ? words.none : moment(last * 1000, words)];
  const said = [...wrong, ...namesOfTrue(flags)].map((name) => word(service, name, words));
  return [...went, ...said].join(', ') || words.none;
}

function word(service: string, name: string, words: Words): string {
  const key = `${service}.${name}`;
  return Object.hasOwn(words.statuses, key) ? words.statuses[key as keyof Words['statuses']] : `${service}${words.colon}${name}`;
}
