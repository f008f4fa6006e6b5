import { expect, it } from 'vitest';
import { startPrometheus } from '../monitoring/real-prometheus.ts';
import { until } from '../until.ts';
import type { FirstBoot } from './first-boot.ts';
import { CLIENT } from './images.ts';

/** The first address of the examples' network. */
const HOME_METRICS = '[fd5e:3e0f:1a2b::1]:9180';
/** Takes the heartbeat that the timer would bring within five minutes. */
export const BEAT = 'rm -f /run/semeur/next-heartbeat && systemctl start semeur-heartbeat';

/** A real Prometheus on home's machine, a card that is on, and a service of it that stops. */
export function describeWatching(boot: () => FirstBoot): void {
  it('are watched by a real Prometheus, through the tunnel: a stopped one raises its alert, and one that answers again ends it (every "for" at 0 s)', async () => {
    const { ground, card } = boot();
    const visit = (script: string) => ground.semeur('ssh', '--state', ground.state, CLIENT, script);
    const prometheus = await startPrometheus(HOME_METRICS, ground.enter);
    try {
      const isIll = async () => (await prometheus.firing()).some(({ alertname, client }) => alertname === 'SemeurServiceIll' && client === CLIENT);
      const readings = () => prometheus.ask<{ result: { metric: Record<string, string> }[] }>('query?query=node_filesystem_readonly');
      await until(async () => (await readings()).result.some(({ metric }) => metric['client'] === CLIENT), 120);
      const { activeTargets } = await prometheus.ask<{ activeTargets: { scrapeUrl: string }[] }>('targets?state=active');
      expect(activeTargets.map(({ scrapeUrl }) => scrapeUrl)).toContain(`http://[${card.address?.replace('/128', '')}]:9100/metrics`);
      expect(await isIll()).toBe(false);
      await visit(`systemctl stop radicale && ${BEAT}`);
      await until(isIll, 60);
      await visit(`systemctl start radicale && sleep 20 && ${BEAT}`);
      await until(async () => !(await isIll()), 60);
    } finally {
      await prometheus.stop();
    }
  });
}
