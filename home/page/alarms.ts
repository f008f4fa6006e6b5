import { type Html, html, NOTHING } from '../../web/html.ts';
import type { AlarmEntry, StrayAlarms } from '../store/alarms.ts';
import type { FleetDetails } from '../store/fleet.ts';
import { labelled, renderFacts, wordFor } from './facts.ts';
import type { Visit } from './frame.ts';
import { count, moment } from './measures.ts';

/** What rose for a card, and a button for who has looked into it. */
export function renderAlarms(visit: Visit, { client, alarmList }: Pick<FleetDetails, 'client' | 'alarmList'>): Html {
  const { words, formToken } = visit;
  if (alarmList.length === 0) return html`<p>${words.noAlarms}`;
  const unseen = alarmList.filter(({ seen }) => seen === null);
  // Milliseconds since 1970, up to which this page tells.
  const until = Math.max(...unseen.map(({ last }) => Date.parse(last)));
  const form = html`<form method="post" action="/clients/${encodeURIComponent(client)}/alarms-seen">
<input type="hidden" name="token" value="${formToken}"><input type="hidden" name="until" value="${until}">
<p>${words.alarmsSeenNote} <button>${words.markSeen}</button>
</form>`;
  return html`<ul>${alarmList.map((alarm) => renderAlarm(visit, alarm))}</ul>
${unseen.length === 0 ? NOTHING : form}`;
}

/** What rose for clients that have no page, since home could take no order of theirs. */
export function renderStrayAlarms(visit: Visit, strays: readonly StrayAlarms[]): Html {
  if (strays.length === 0) return NOTHING;
  return html`<section><h2>${visit.words.strayOrders}</h2>
${strays.map((stray) => html`<h3>${stray.client}</h3>\n${renderAlarms(visit, stray)}\n`)}</section>`;
}

function renderAlarm({ words }: Visit, { kind, times, first, last, facts, seen }: AlarmEntry): Html {
  const { reason, ...others } = facts as { readonly reason?: string };
  const read = { ...others, ...(reason === undefined ? {} : { reason: wordFor(reason, words.reasons) }) };
  return html`<li><strong>${wordFor(kind, words.alarmKinds)}</strong>, ${words.times(count(times, words), moment(first, words), moment(last, words))}
${seen === null ? NOTHING : html`<p>${words.seenBy(seen.by, moment(seen.at, words))}`}
${renderFacts(labelled(read, words.facts))}`;
}
