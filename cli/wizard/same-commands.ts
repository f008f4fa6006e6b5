import { isIPv4 } from 'node:net';
import { join, relative } from 'node:path';
import { findWorkspace } from '../../builder/workspace/find.ts';
import type { NewClient } from '../../builder/workspace/render-client.ts';
import type { StarterOptions } from '../../builder/workspace/starter.ts';

/** Quotes a word for a shell. */
export function formatCommand(argv: readonly string[]): string {
  return ['semeur', ...argv].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** --workspace, where a command would not find it from here by itself. */
export function workspaceFlag(folder: string): string[] {
  if (folder === process.cwd()) return [];
  try {
    if (findWorkspace({ workspace: undefined }) === folder) return [];
  } catch {
    // There is none here: it has to be named.
  }
  return ['--workspace', showFolder(folder)];
}

export function showFolder(folder: string): string {
  const shown = relative(process.cwd(), folder) || '.';
  return shown.startsWith('..') ? folder : shown;
}

/** To see a client's card at work, and what goes into the parcel with it. */
export function nextCommands(folder: string, client: string, endpoints: readonly string[]): string[] {
  // A trial has no resolver, and speaks IPv4.
  const isTried = endpoints.some((endpoint) => isIPv4(endpoint.replace(/:\d+$/, '')));
  const image = join(showFolder(folder), 'out', `${client}.img.xz`);
  return [
    formatCommand(['boot', image, ...(isTried ? ['--until', 'claimed'] : [])]),
    formatCommand(['client', 'leaflet', client, ...workspaceFlag(folder)]),
  ];
}

export function initCommand(folder: string, options: StarterOptions): string {
  const { profile, base, boards } = options.profile;
  const services = options.services.map(({ overlay }) => overlay);
  return formatCommand([
    ...['init', showFolder(folder), '--operator', options.operator, '--language', options.language, '--email', options.email],
    ...flag('--phone', options.phone),
    ...['--timezone', options.timezone, '--prefix', options.prefix, '--endpoint', ...options.endpoints, '--home', options.home],
    ...['--profile', profile, '--base', base, '--board', ...boards],
    ...(services.length > 0 ? ['--service', ...services] : ['--no-service']),
    '--no-example',
  ]);
}

export function newClientCommand(folder: string, client: NewClient, named: { readonly profile: boolean }): string {
  const { language, hostname, settings, wifi } = client;
  const command = formatCommand([
    ...['client', 'new', client.client, ...workspaceFlag(folder), '--name', client.name],
    ...(named.profile ? ['--profile', client.profile] : []),
    ...flag('--language', language),
    ...flag('--hostname', hostname),
    ...settingFlags(settings),
    ...wifiFlags(wifi),
  ]);
  return withPassword(command, wifi?.password);
}

export function setClientCommand(folder: string, client: string, change: Parameters<typeof changeFlags>[0]): string {
  return withPassword(formatCommand(['client', 'set', client, ...workspaceFlag(folder), ...changeFlags(change)]), change.wifi?.password);
}

function changeFlags({ wifi, settings, ...fields }: Partial<Omit<NewClient, 'client' | 'wifi'>> & { readonly wifi?: NewClient['wifi'] | null }) {
  const named = Object.entries(fields).flatMap(([key, value]) => flag(`--${key}`, value));
  return [...named, ...settingFlags(settings), ...(wifi === null ? ['--no-wifi'] : wifiFlags(wifi))];
}

function settingFlags(settings: NewClient['settings'] = {}): string[] {
  return Object.entries(settings).flatMap(([service, texts]) =>
    Object.entries(texts).flatMap(([key, text]) => ['--set', `${service}.${key}=${text}`]),
  );
}

function wifiFlags(wifi: NewClient['wifi']): string[] {
  return wifi ? ['--wifi-ssid', wifi.ssid, '--wifi-country', wifi.country, '--wifi-password-stdin'] : [];
}

/** Passwords are not to stand in a shell's history. */
function withPassword(command: string, password: string | undefined): string {
  return password === undefined ? command : `${command} <password.txt`;
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}
