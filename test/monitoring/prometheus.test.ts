import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { registerCards } from '../../bench/heartbeat-cards.ts';
import { loopbackOf } from '../../home/answers/sources.ts';
import { openDatabase } from '../../home/store/database.ts';
import { planNetwork } from '../../protocol/addresses.ts';
import { withHome } from '../home/home-process.ts';
import { heartbeatOf } from '../home/open-home.ts';
import { send } from '../home/requests-to-home.ts';
import { PREFIX } from '../home/sample-fleet.ts';
import { until } from '../until.ts';
import { type Prometheus, startPrometheus } from './real-prometheus.ts';

const NETWORK = planNetwork(PREFIX);
const started: Prometheus[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((prometheus) => prometheus.stop()));
});

/** A confirmed card that called last an hour ago. */
function makeSilentCard(state: string): void {
  registerCards(state, 1);
  const database = openDatabase(state);
  database.durably(() => database.sql('UPDATE clients SET state_since = ?').run(Date.now() - 3_600_000));
  database.close();
}

interface Target {
  readonly labels: Record<string, string>;
  readonly scrapeUrl: string;
  readonly health: string;
}

describe('a real Prometheus beside a real home', () => {
  it('takes its targets from home, sees a silent card and, once that calls, sees no alert (rules with every "for" at 0 s, asked each second)', () =>
    withHome(async (folder, start) => {
      makeSilentCard(join(folder, 'home'));
      const home = await start();
      const metrics = /^home: ready .*\bmetrics=(\S+)/m.exec(home.log())?.[1] ?? '';
      const prometheus = await startPrometheus(metrics);
      started.push(prometheus);
      const targets = async () => (await prometheus.ask<{ activeTargets: Target[] }>('targets?state=active')).activeTargets;
      await until(async () => (await targets()).some(({ labels, health }) => labels['job'] === 'semeur-home' && health === 'up'));
      await until(async () => (await targets()).some(({ labels }) => labels['job'] === 'semeur-cards'));
      const card = (await targets()).find(({ labels }) => labels['job'] === 'semeur-cards');
      const labels = { client: 'client-1', hostname: 'client-1', profile: 'maison', generation: '1', instance: 'client-1' };
      expect(card).toMatchObject({ labels, scrapeUrl: `http://[${NETWORK.card(1)}]:9100/metrics` });

      const isSilent = async () => (await prometheus.firing()).some(({ alertname, client }) => alertname === 'SemeurSilent' && client === 'client-1');
      await until(isSilent);
      const beat = await send(home.tunnel, '/v1/heartbeat', heartbeatOf({ clock: Math.floor(Date.now() / 1000) }), {
        from: loopbackOf(NETWORK.card(1)),
      });
      expect(beat.status).toBe(200);
      await until(async () => !(await isSilent()));
      expect((await prometheus.firing()).filter(({ alertname }) => alertname !== 'SemeurMetricsMissing')).toEqual([]);
      // What home said arrived as it was meant.
      const { result } = await prometheus.ask<{ result: { metric: object; value: [number, string] }[] }>(
        'query?query=semeur_card_temperature_celsius',
      );
      expect(result).toMatchObject([{ metric: { client: 'client-1', job: 'semeur-home' }, value: [expect.any(Number), '45'] }]);
    }));
});
