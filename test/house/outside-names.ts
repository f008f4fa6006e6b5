import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';

const APT = '/etc/apt';

/** Hosts of the registry and the mirrors that this machine happens to use: no file may depend on them. Found out here, so that none is named. */
export async function findMachineHosts(): Promise<string[]> {
  const registry = await runCommand(['npm', 'config', 'get', 'registry']).then(String, () => '');
  const sources = await Promise.all((await listAptSources()).map((file) => readFile(file, 'utf8').catch(() => '')));
  return hostsIn([registry, ...sources].join('\n'));
}

/** Hosts of the http addresses in a text, this machine itself and comments left out. */
export function hostsIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const hosts = [...lines.join('\n').matchAll(/https?:\/\/(?:[^\s/@]*@)?([a-z0-9.-]+)/gi)].map((match) => (match[1] ?? '').toLowerCase());
  return [...new Set(hosts)].filter((host) => host !== 'localhost' && !host.startsWith('127.')).sort();
}

async function listAptSources(): Promise<string[]> {
  const more = await readdir(join(APT, 'sources.list.d')).catch(() => []);
  return [join(APT, 'sources.list'), ...more.map((name) => join(APT, 'sources.list.d', name))];
}
