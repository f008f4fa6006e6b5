import type { Heartbeat } from '../../protocol/requests.ts';
import { STATUS_NAMES } from '../../protocol/status.ts';
import { type Html, html } from '../../web/html.ts';
import type { FleetDetails } from '../store/fleet.ts';
import { renderAlarms } from './alarms.ts';
import { type Fact, labelled, renderFacts, wordFor } from './facts.ts';
import type { Visit } from './frame.ts';
import { age, ago, degrees, gigabytes, moment } from './measures.ts';
import { describeStatuses } from './status.ts';
import type { Words } from './words-en.ts';

/** How a heartbeat's values are read; the others are shown as they are. Their labels are words of the same names. */
const BEAT: { readonly [Name in keyof Heartbeat]?: (value: NonNullable<Heartbeat[Name]>, words: Words) => string } = {
  uptime: (seconds, words) => age(seconds * 1000, words),
  clock: (seconds, words) => moment(seconds * 1000, words),
  temperature: degrees,
  rootFree: gigabytes,
  rootSize: gigabytes,
  failedUnits: (units) => units.join(' '),
  illServices: (services) => services.join(' '),
  underVoltage: (is, words) => (is ? words.yes : words.no),
  remoteAccess: (access, words) => words.access[access],
  certificateExpires: (seconds, words) => moment(seconds * 1000, words),
  report: (report, words) => words.reports[report],
};

/** All that `fleet show` has, and the history. */
export function renderCard(visit: Visit, card: FleetDetails): Html {
  const { words } = visit;
  return html`<h1>${card.client}${words.colon}${words.states[card.state]}</h1>
${renderFacts(describeCard(visit, card))}
<h2>${words.alarms}</h2>
${renderAlarms(visit, card)}
<h2>${words.health}</h2>
${card.health === null ? html`<p>${words.noHealth}` : renderFacts(describeBeat(card.health, words))}
<h2>${words.remote}</h2>
${renderRemote(visit, card)}
<h2>${words.history}</h2>
${renderHistory(visit, card)}
<h2>${words.report}</h2>
${renderReport(visit, card)}
<h2>${words.inventory}</h2>
${card.inventory === null ? html`<p>${words.noInventory}` : renderFacts(labelled(card.inventory as object, words.pieces))}
<h2>${words.commands}</h2>
${renderCommands(visit, card)}`;
}

function describeCard({ words, now }: Visit, card: FleetDetails): Fact[] {
  const date = (at: string | null) => (at === null ? words.never : `${moment(at, words)}, ${ago(at, now, words)}`);
  return [
    ...labelled(card.about, words.about),
    [words.since, date(card.since)],
    [words.lastSign, date(card.lastHeartbeat)],
    [words.hostname, card.hostname],
    [words.profile, card.profile],
    [words.generation, String(card.generation)],
    [words.address, card.address ?? words.none],
    [words.serial, card.serial ?? words.none],
    ...(card.diagnosis === null ? [] : [[words.diagnosis, wordFor(card.diagnosis, words.diagnoses)] as const]),
    [words.claimed, date(card.claimed)],
    [words.confirmed, date(card.confirmed)],
    [words.certificate, card.certificateExpires === null ? words.none : moment(card.certificateExpires, words)],
  ];
}

function describeBeat(beat: Heartbeat, words: Words): Fact[] {
  const said = (Object.keys(beat) as (keyof Heartbeat)[]).filter((name) => beat[name] !== null && beat[name] !== undefined);
  const facts = said.flatMap((name): Fact[] => {
    const read = BEAT[name] as ((value: unknown, words: Words) => string) | undefined;
    if (STATUS_NAMES.includes(name)) return [];
    return [[wordFor(name, words.beat), (read ? read(beat[name], words) : String(beat[name])) || words.none]];
  });
  return [...facts, ...describeStatuses(beat, words)];
}

function renderRemote({ words }: Visit, { client, health }: FleetDetails): Html {
  const choice = { on: words.remoteOn, off: words.remoteIsOff };
  return html`<p>${health === null ? words.remoteUnknown : choice[health.remoteAccess]}
<p>${words.visits}
<p><code>semeur ssh ${client} cat /var/lib/semeur/visits</code>`;
}

function renderHistory({ words }: Visit, { history }: FleetDetails): Html {
  const rows = history.map(({ at, state }) => html`<tr><td>${moment(at, words)}<td>${words.states[state]}\n`);
  return html`<table>
<thead><tr><th scope="col">${words.when}<th scope="col">${words.state}
<tbody>
${rows}</table>`;
}

function renderReport({ words }: Visit, { report }: FleetDetails): Html {
  if (report === null) return html`<p>${words.noReport}`;
  return html`<p>${words.reportOf(moment(report.at, words))}
<pre>${report.text}</pre>`;
}

function renderCommands({ words }: Visit, { client }: FleetDetails): Html {
  const commands = { ssh: words.doSsh, reissue: words.doReissue, revoke: words.doRevoke };
  const facts = Object.entries(commands).map(([verb, what]) => html`<dt>${what}<dd><code>semeur ${verb} ${client}</code>\n`);
  return html`<p>${words.commandsNote}
<dl>${facts}</dl>`;
}
