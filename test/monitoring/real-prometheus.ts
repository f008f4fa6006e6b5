import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findFreePort } from '../../bench/free-port.ts';
import { until } from '../until.ts';
import { MONITORING } from './monitoring-files.ts';

export interface Prometheus {
  /** The data of an answer of its HTTP API. */
  ask<T>(path: string): Promise<T>;
  /** The labels of what is in ALERTS and fires. */
  firing(): Promise<Record<string, string>[]>;
  stop(): Promise<void>;
}

/**
 * Debian's Prometheus with our configuration, on loopback, in a folder of its own; only faster: it asks each second, cards every ten, and no alert waits.
 * @param home "address:port" of its listener for metrics.
 * @param enter the words before a command that is to run in home's network, where that isn't this one.
 */
export async function startPrometheus(home: string, enter: readonly string[] = []): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-prometheus-'));
  const port = await findFreePort();
  await writeConfiguration(folder, home);
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`];
  const [program = '', ...argv] = [...enter, 'env', `--chdir=${folder}`, 'prometheus', ...flags];
  const child = execa(program, argv, { reject: false, all: true, stdin: 'ignore', forceKillAfterDelay: 2000 });
  const get = async (path: string) => {
    const [curl = '', ...options] = [...enter, 'curl', '--silent', '--fail', '--max-time', '10', `http://127.0.0.1:${port}${path}`];
    return (await execa(curl, options)).stdout;
  };
  const ask = async <T>(path: string) => (JSON.parse(await get(`/api/v1/${path}`)) as { data: T }).data;
  const stop = async () => {
    child.kill('SIGTERM');
    await child;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => (await get('/-/ready')) !== '');
  } catch (error) {
    await stop();
    throw new Error(`Prometheus did not start: ${(await child).all}`, { cause: error });
  }
  return {
    ask,
    async firing() {
      const { result } = await ask<{ result: { metric: Record<string, string> }[] }>('query?query=ALERTS%7Balertstate%3D%22firing%22%7D');
      return result.map(({ metric }) => metric);
    },
    stop,
  };
}

async function writeConfiguration(folder: string, home: string): Promise<void> {
  const configuration = await readFile(join(MONITORING, 'prometheus.yml'), 'utf8');
  const faster = configuration
    .replaceAll('[fd5e:3e0f:1a2b::1]:9180', home)
    .replace(/(scrape|evaluation)_interval: 1m/g, '$1_interval: 1s')
    .replace('scrape_interval: 30m\n    scrape_timeout: 30s', 'scrape_interval: 10s')
    .replace('http_sd_configs:\n', 'http_sd_configs:\n      - refresh_interval: 1s\n')
    .replace('      - refresh_interval: 1s\n      - url:', '      - refresh_interval: 1s\n        url:');
  const rules = await readFile(join(MONITORING, 'rules/semeur.yml'), 'utf8');
  await mkdir(join(folder, 'rules'));
  await writeFile(join(folder, 'prometheus.yml'), faster);
  await writeFile(join(folder, 'rules/semeur.yml'), rules.replace(/^ {8}for: .*$/gm, '        for: 0s'));
}
