import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findCheckout } from '../../builder/house/checkout.ts';

export const MONITORING = join(findCheckout(), 'monitoring');

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export async function readRules(): Promise<AlertRule[]> {
  const { groups } = parse(await readFile(join(MONITORING, 'rules/semeur.yml'), 'utf8')) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** The queries of Grafana's panels, for a client "durand". */
export async function readPanelQueries(): Promise<string[]> {
  const { panels } = JSON.parse(await readFile(join(MONITORING, 'grafana/semeur.json'), 'utf8')) as { panels: { targets?: { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr.replaceAll('$client', 'durand')));
}

/** The metrics that queries name, each once. */
export function metricsIn(queries: readonly string[]): string[] {
  return [...new Set(queries.flatMap((query) => query.match(/\b(?:semeur|node)_[a-z_]+/g) ?? []))].sort();
}
