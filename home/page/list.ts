import { type Html, html, NOTHING } from '../../web/html.ts';
import { type FleetEntry, STATES } from '../store/fleet.ts';
import { type Found, ON_A_PAGE, type Search } from '../store/fleet-search.ts';
import type { Visit } from './frame.ts';
import { ago, count, degrees, gigabytes } from './measures.ts';
import { describeTroubles } from './status.ts';
import type { Words } from './words-en.ts';

/** The columns after the client's, in their order. Their headings are words of the same names. */
const COLUMNS = {
  state: ({ state }, { words }) => html`<td${stateClass(state)}>${words.states[state]}`,
  since: ({ since }, { now, words }) => html`<td>${ago(since, now, words)}`,
  lastSign: ({ lastHeartbeat }, { now, words }) => html`<td>${ago(lastHeartbeat, now, words)}`,
  alarms: ({ alarms }, { words }) => (alarms === 0 ? html`<td>` : html`<td class="bad">${count(alarms, words)}`),
  temperature: ({ health }, { words }) => html`<td>${health?.temperature == null ? '' : degrees(health.temperature, words)}`,
  diskFree: ({ health }, { words }) => html`<td>${health?.rootFree == null ? '' : gigabytes(health.rootFree, words)}`,
  trouble: (entry, { words }) => html`<td>${describeTrouble(entry, words)}`,
} satisfies Record<string, (entry: FleetEntry, visit: Visit) => Html>;
/** A card may name twenty services with long names: the page of the card has them all. */
const LONGEST = 80;
const NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];

/** What its columns are called, where it is too narrow for a head and each cell says it itself: CSS for one language. */
export function renderLabels(words: Words): string {
  return NAMES.map((name, index) => `.cards td:nth-child(${index + 2})::before{content:${JSON.stringify(words[name] + words.colon)}}`).join('\n');
}

/** @param strays alarms that belong to none of the cards. */
export function renderList(visit: Visit, search: Search, found: Found, strays: Html = NOTHING): Html {
  const { words } = visit;
  const isFiltered = search.state !== undefined || search.onlyAlarms || search.text !== '';
  return html`<h1>${words.fleet}</h1>
${strays}
${renderFilters(visit, search)}
${found.total === 0 ? html`<p>${isFiltered ? words.noneFound : words.noneYet}` : renderTable(visit, found)}
${found.pages > 1 ? renderPaging(visit, search, found) : NOTHING}`;
}

function renderFilters({ words }: Visit, { state, onlyAlarms, text }: Search): Html {
  const options = STATES.map((one) => html`<option value="${one}"${flag('selected', one === state)}>${words.states[one]}`);
  return html`<form role="search" aria-label="${words.filters}">
<p><label for="text">${words.search}</label> <input id="text" name="text" type="search" maxlength="64" value="${text}">
<p><label for="state">${words.state}</label> <select id="state" name="state"><option value="">${words.anyState}${options}</select>
<p><label><input type="checkbox" name="alarms" value="1"${flag('checked', onlyAlarms)}> ${words.onlyAlarms}</label>
<p><button>${words.show}</button>
</form>`;
}

/** End tags that HTML lets out are left out: a page of fifty cards is to come over a slow line. */
function renderTable(visit: Visit, { entries, total, page }: Found): Html {
  const { words } = visit;
  const first = (page - 1) * ON_A_PAGE + 1;
  const numbers = [first, first + entries.length - 1, total].map((number) => count(number, words)) as [string, string, string];
  return html`<table class="cards">
<caption>${words.caption(...numbers)}</caption>
<thead><tr><th scope="col">${words.client}${NAMES.map((name) => html`<th scope="col">${words[name]}`)}
<tbody>
${entries.map((entry) => renderRow(entry, visit))}</table>`;
}

function renderRow(entry: FleetEntry, visit: Visit): Html {
  const { client, hostname, about } = entry;
  const others = [about['name'], hostname].filter((name) => name !== undefined && name !== client);
  const other = others.length === 0 ? NOTHING : html` <small>${others.join(', ')}</small>`;
  // The line break is where it is no part of a cell: one that is empty shows nothing.
  return html`<tr>
<th scope="row"><a href="/clients/${client}">${client}</a>${other}${NAMES.map((name) => COLUMNS[name](entry, visit))}`;
}

function describeTrouble({ diagnosis, health }: FleetEntry, words: Words): string {
  const troubles = [
    ...(diagnosis === null ? [] : [words.diagnoses[diagnosis as keyof Words['diagnoses']] ?? diagnosis]),
    ...(health?.report === 'needs-help' ? [words.needsHelp] : []),
    ...(health && health.failedUnits.length > 0 ? [words.failed(health.failedUnits.join(' '))] : []),
    ...(health?.illServices?.length ? [words.ill(health.illServices.join(' '))] : []),
    ...(health ? describeTroubles(health, words) : []),
    ...(health?.underVoltage ? [words.weakPower] : []),
    ...(health?.remoteAccess === 'off' ? [words.remoteOff] : []),
  ];
  const text = troubles.join(', ');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function renderPaging({ words }: Visit, search: Search, { page, pages }: Found): Html {
  const link = (to: number, rel: string, text: string) =>
    to < 1 || to > pages ? NOTHING : html`<a href="/?${queryOf({ ...search, page: to })}" rel="${rel}">${text}</a>`;
  return html`<nav aria-label="${words.pages}">
${link(page - 1, 'prev', words.previous)}
<span>${words.pageOf(String(page), String(pages))}</span>
${link(page + 1, 'next', words.next)}
</nav>`;
}

function queryOf({ state, onlyAlarms, text, page }: Search): string {
  const values = { ...(text && { text }), ...(state && { state }), ...(onlyAlarms && { alarms: '1' }), page: String(page) };
  return new URLSearchParams(values).toString();
}

function stateClass(state: FleetEntry['state']): Html {
  if (state === 'silent' || state === 'claimed-no-tunnel') return html` class="bad"`;
  return state === 'well' ? html` class="good"` : NOTHING;
}

function flag(name: 'selected' | 'checked', isSet: boolean): Html {
  return isSet ? html` ${name}` : NOTHING;
}
