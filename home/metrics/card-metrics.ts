import type { Heartbeat } from '../../protocol/requests.ts';
import type { Status } from '../../protocol/status.ts';
import { STATES } from '../store/fleet.ts';
import type { WatchedCard } from '../store/watched-cards.ts';
import { type Labels, type Metric, renderLabels, renderSample } from './text.ts';

/** One metric of every card. What a card doesn't have or doesn't say gives no sample, rather than a number that means it. */
export interface CardMetric extends Metric {
  /** @param labels of the card, rendered. */
  render(card: WatchedCard, labels: string): string;
}

const REPORTS: readonly Heartbeat['report'][] = ['done', 'working', 'needs-help'];

/** Each has the label "client" and, where it says so, one more: what changes is the value, so that a card's series stay the same for years. */
export const CARD_METRICS: readonly CardMetric[] = [
  info('semeur_card_info', 'What a card is.', ({ hostname, profile, generation }) => ({ hostname, profile, generation: String(generation) })),
  stateSet('semeur_card_state', 'The state of a card (docs/protocol.md): 1 for the one it is in.', 'state', STATES, ({ state }) => state),
  gauge('semeur_card_state_timestamp_seconds', 'Since when it is in this state: of an ordered one, when it was ordered.', (card) => card.stateSince),
  gauge('semeur_card_last_heartbeat_timestamp_seconds', 'When home last heard it.', (card) => card.lastHeartbeat),
  gauge('semeur_card_certificate_expiry_timestamp_seconds', 'When its SSH host certificate ends.', (card) => card.certificateExpires),
  gauge('semeur_card_clock_offset_seconds', "By how much its clock was ahead of home's, to a second or two.", (card) => card.clockOffset),
  said('semeur_card_temperature_celsius', 'Of its processor.', ({ temperature }) => temperature !== null && temperature / 1000),
  said('semeur_card_root_free_bytes', 'Left on its root file system.', ({ rootFree }) => rootFree),
  said('semeur_card_root_size_bytes', 'Of its root file system.', ({ rootSize }) => rootSize),
  said('semeur_card_failed_units', 'Of systemd, at most 20.', ({ failedUnits }) => failedUnits.length),
  said('semeur_card_ill_services', 'Services whose health check failed, at most 20.', ({ illServices }) => illServices?.length),
  said('semeur_card_under_voltage', '1 if its power supply is too weak.', ({ underVoltage }) => underVoltage !== null && Number(underVoltage)),
  said('semeur_card_remote_access', "1 if the client lets operators in: the client's right, and no fault.", ({ remoteAccess }) =>
    Number(remoteAccess === 'on'),
  ),
  stateSet('semeur_card_report', 'What it says of itself: 1 for the one it says.', 'report', REPORTS, ({ health }) => health?.report),
  { ...said('semeur_card_boots_total', 'Its starts.', ({ bootCounter }) => bootCounter), type: 'counter' },
  said('semeur_card_backup_timestamp_seconds', 'Of the last backup that went well; 0: none yet.', ({ backup }) => backup && (backup.at ?? 0)),
  said('semeur_card_backup_failed', '1 if the last backup failed.', ({ backup }) => backup && Number(backup.failed)),
  said(
    'semeur_card_restore_test_timestamp_seconds',
    'Of the last restore test that went well; 0: none yet.',
    ({ backup }) => backup && (backup.restoreAt ?? 0),
  ),
  said('semeur_card_restore_test_failed', '1 if the last restore test failed.', ({ backup }) => backup && Number(backup.restoreFailed)),
  said(
    'semeur_card_updates_timestamp_seconds',
    'Of the last security updates that went well; 0: none yet.',
    ({ updates }) => updates && (updates.at ?? 0),
  ),
  said('semeur_card_updates_failed', '1 if the last security updates failed.', ({ updates }) => updates && Number(updates.failed)),
  said('semeur_card_reboot_wanted', '1 if an update works only after a start.', ({ updates }) => updates && Number(updates.reboot)),
  ofServices('semeur_card_status_timestamp_seconds', 'Of a service of an operator; 0: never yet.', ({ moments }) => moments),
  ofServices('semeur_card_status_flag', '1 if a service of an operator says so.', ({ flags }) => flags),
  ofServices('semeur_card_status_trouble', '1 if a service of an operator says that this went wrong.', ({ troubles }) => troubles),
];

function gauge(name: string, help: string, read: (card: WatchedCard) => number | undefined): CardMetric {
  const metric = { name, help, type: 'gauge' } as const;
  return {
    ...metric,
    render(card, labels) {
      const value = read(card);
      return value === undefined ? '' : renderSample(metric, labels, value);
    },
  };
}

/** A gauge of something that the last heartbeat says, while it is true. */
function said(name: string, help: string, read: (health: Heartbeat) => number | null | undefined | false): CardMetric {
  return gauge(name, help, ({ health }) => {
    const value = health && read(health);
    return typeof value === 'number' ? value : undefined;
  });
}

/** One sample for each fact of this kind. Backups and updates have metrics of their own. */
function ofServices(name: string, help: string, read: (status: Status) => Readonly<Record<string, number | boolean | null>>): CardMetric {
  const metric = { name, help, type: 'gauge' } as const;
  return {
    ...metric,
    render(card, labels) {
      const samples = Object.entries(card.health?.status ?? {}).flatMap(([service, status]) =>
        Object.entries(read(status)).map(([field, value]) =>
          renderSample(metric, `${labels},${renderLabels({ service, field })}`, value === null ? 0 : Number(value)),
        ),
      );
      return samples.join('');
    },
  };
}

function info(name: string, help: string, labelsOf: (card: WatchedCard) => Labels): CardMetric {
  const metric = { name, help, type: 'gauge' } as const;
  return { ...metric, render: (card, labels) => renderSample(metric, `${labels},${renderLabels(labelsOf(card))}`, 1) };
}

/** One sample for each word that it could be. */
function stateSet<T extends string>(
  name: string,
  help: string,
  label: string,
  words: readonly T[],
  wordOf: (card: WatchedCard) => T | undefined,
): CardMetric {
  const metric = { name, help, type: 'gauge' } as const;
  const suffixes = words.map((word) => [word, `,${renderLabels({ [label]: word })}`] as const);
  return {
    ...metric,
    render(card, labels) {
      const is = wordOf(card);
      if (is === undefined) return '';
      return suffixes.map(([word, suffix]) => renderSample(metric, labels + suffix, Number(word === is))).join('');
    },
  };
}
