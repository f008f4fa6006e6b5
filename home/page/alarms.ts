import { type Html, html, NOTHING } from '../../web/html.ts';
import type { FleetDetails } from '../store/fleet.ts';
import { labelled, renderFacts, wordFor } from './facts.ts';
import type { Visit } from './frame.ts';
import { count, moment } from './measures.ts';
import type { Words } from './words-en.ts';

type Alarm = FleetDetails['alarmList'][number];

/** What rose for a card, and a button for who has looked into it. */
export function renderAlarms(visit: Visit, { client, alarmList }: FleetDetails): Html {
  const { words, formToken } = visit;
  if (alarmList.length === 0) return html`<p>${words.noAlarms}`;
  const unseen = alarmList.filter(({ seen }) => seen === null);
  // Milliseconds since 1970, up to which this page tells.
  const until = Math.max(...unseen.map(({ last }) => Date.parse(last)));
  const form = html`<form method="post" action="/clients/${client}/alarms-seen">
<input type="hidden" name="token" value="${formToken}"><input type="hidden" name="until" value="${until}">
<p>${words.alarmsSeenNote} <button>${words.markSeen}</button>
</form>`;
  return html`<ul>${alarmList.map((alarm) => renderAlarm(visit, alarm))}</ul>
${unseen.length === 0 ? NOTHING : form}`;
}

function renderAlarm({ words }: Visit, { kind, times, first, last, facts, seen }: Alarm): Html {
  const read = Object.fromEntries(Object.entries(facts as object).map(([name, value]) => [name, readReason(String(value), words)]));
  return html`<li><strong>${wordFor(kind, words.alarmKinds)}</strong>, ${words.times(count(times, words), moment(first, words), moment(last, words))}
${seen === null ? NOTHING : html`<p>${words.seenBy(seen.by, moment(seen.at, words))}`}
${renderFacts(labelled(read, words.facts))}`;
}

/** Home's own reasons stand in the database in English, with numbers. */
function readReason(value: string, { reasons }: Words): string {
  return reasons[value.replace(/\d+/, 'N') as keyof Words['reasons']] ?? value;
}
