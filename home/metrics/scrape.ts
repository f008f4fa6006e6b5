import { statSync } from 'node:fs';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { CARD_METRICS_PORT } from '../../protocol/ports.ts';
import type { Home } from '../answers/home.ts';
import { databaseFile } from '../store/database.ts';
import { type CardTarget, countAlarms, countPeersByKind, pageCardTargets, pageWatchedCards } from '../store/watched-cards.ts';
import { CARD_METRICS } from './card-metrics.ts';
import { type Labels, type Metric, renderHead, renderLabels, renderSample } from './text.ts';

type Source = Pick<Home, 'folder' | 'database' | 'counts'>;

/** Cards at a time: about a millisecond, then heartbeats have their turn. */
const PAGE = 50;

/** Characters of text that are put away as bytes at a time. */
const BLOCK = 65_536;

/** @returns all metrics as pieces of one text: ten thousand cards are 16 MB, and to join them would keep everybody waiting. */
export async function renderMetrics(home: Source, now: number): Promise<Buffer[]> {
  const piles = CARD_METRICS.map((metric) => createPile(renderHead(metric)));
  for await (const cards of pagesOf((after) => pageWatchedCards(home.database, after, PAGE, now))) {
    const labelled = cards.map((card) => ({ card, labels: renderLabels({ client: card.client }) }));
    for (const [index, metric] of CARD_METRICS.entries()) {
      piles[index]?.add(labelled.map(({ card, labels }) => metric.render(card, labels)).join(''));
    }
  }
  return [...piles.flatMap((pile) => pile.take()), Buffer.from(renderAlarms(home) + renderHome(home))];
}

/** A text that grows, in blocks of bytes outside of the heap, where nobody has to look for what is dead in it. */
function createPile(head: string) {
  const blocks: Buffer[] = [];
  let text = head;
  return {
    add(more: string) {
      text += more;
      if (text.length < BLOCK) return;
      blocks.push(Buffer.from(text));
      text = '';
    },
    take: () => [...blocks, Buffer.from(text)],
  };
}

/** What Prometheus asks by http_sd_config: where each confirmed card shows metrics of its own. */
export async function listTargets({ database }: Pick<Source, 'database'>): Promise<object[]> {
  const targets: object[] = [];
  for await (const cards of pagesOf((after) => pageCardTargets(database, after, PAGE))) targets.push(...cards.map(asTarget));
  return targets;
}

function asTarget({ client, hostname, profile, generation, address }: CardTarget) {
  return { targets: [`[${address}]:${CARD_METRICS_PORT}`], labels: { client, hostname, profile, generation: String(generation) } };
}

async function* pagesOf<T extends { readonly client: string }>(page: (after: string) => readonly T[]): AsyncGenerator<readonly T[]> {
  let after = '';
  while (true) {
    const found = page(after);
    if (found.length > 0) yield found;
    if (found.length < PAGE) return;
    after = found.at(-1)?.client ?? '';
    await othersTurn();
  }
}

const ALARMS: Metric = { name: 'semeur_card_alarms_total', type: 'counter', help: 'Alarms of a card by kind (docs/protocol.md).' };
const LAST_ALARM: Metric = { name: 'semeur_card_last_alarm_timestamp_seconds', type: 'gauge', help: 'When an alarm of this kind last rose.' };

function renderAlarms({ database }: Source): string {
  const alarms = countAlarms(database).map((alarm) => ({ ...alarm, labels: renderLabels({ client: alarm.client, kind: alarm.kind }) }));
  return [
    renderHead(ALARMS),
    ...alarms.map(({ labels, times }) => renderSample(ALARMS, labels, times)),
    renderHead(LAST_ALARM),
    ...alarms.map(({ labels, lastAt }) => renderSample(LAST_ALARM, labels, lastAt / 1000)),
  ].join('');
}

const PEERS: Metric = { name: 'semeur_home_peers', type: 'gauge', help: 'Keys that the hub lets in, by what holds them.' };
const DATABASE: Metric = { name: 'semeur_home_database_bytes', type: 'gauge', help: "Of home's database on the disk, with its log." };
const HEARTBEATS: Metric = { name: 'semeur_home_heartbeats_total', type: 'counter', help: 'Kept since home started.' };
const REFUSALS: Metric = {
  name: 'semeur_home_refusals_total',
  type: 'counter',
  help: 'Requests refused since home started, by the word of the answer.',
};
const VISITS: Metric = {
  name: 'semeur_home_visits_total',
  type: 'counter',
  help: "Connections to clients' sites since home started, by what became of them.",
};

function renderHome({ database, counts, folder }: Source): string {
  const peers = Object.entries(countPeersByKind(database)).map(([kind, count]) => [{ kind }, count] as const);
  const refusals = [...counts.refusals].map(([word, count]) => [{ word }, count] as const);
  const visits = [...counts.visits].map(([end, count]) => [{ end }, count] as const);
  return [
    renderAll(PEERS, peers),
    renderAll(DATABASE, [[{}, bytesOf(databaseFile(folder)) + bytesOf(`${databaseFile(folder)}-wal`)]]),
    renderAll(HEARTBEATS, [[{}, counts.heartbeats]]),
    renderAll(REFUSALS, refusals),
    renderAll(VISITS, visits),
  ].join('');
}

function renderAll(metric: Metric, samples: readonly (readonly [Labels, number])[]): string {
  return renderHead(metric) + samples.map(([labels, value]) => renderSample(metric, renderLabels(labels), value)).join('');
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
