import { isIP } from 'node:net';
import { listDomains } from './domains.ts';
import type { Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import type { Overlay } from './overlay-schema.ts';
import { describeReserved } from './rules/reserved.ts';
import type { ClientFile, Operator } from './schema.ts';
import type { Path, Source } from './source.ts';
import { isExampleClient, STARTER_NAMES } from './starter.ts';

/**
 * What is well written and can't work out there: cards are made all the same, for a try. Warnings alone.
 */
export function checkReach(
  operator: Entry<Operator>,
  clients: readonly Entry<ClientFile>[],
  overlays: ReadonlyMap<string, Entry<Overlay>>,
): Finding[] {
  return [...checkOperator(operator), ...clients.flatMap((entry) => checkClient(entry, overlays))];
}

function checkOperator({ source, known: { operator, email, vpn, home } }: Entry<Operator>): Finding[] {
  const hosts: (readonly [Path, string])[] = [
    ...(email === undefined ? [] : [[['email'], email.slice(email.lastIndexOf('@') + 1)] as const]),
    ...(vpn?.endpoints ?? []).map((endpoint, index) => [['vpn', 'endpoints', index], hostOf(endpoint)] as const),
    ...(['url', 'downloads'] as const).flatMap((key) => (home?.[key] === undefined ? [] : [[['home', key], hostOfUrl(home[key])] as const])),
  ];
  return [
    ...(operator !== undefined && Object.values<string>(STARTER_NAMES).includes(operator)
      ? [warning(source, ['operator'], `"${operator}" is the name that "semeur init" put here`, "Write your co-operative's own: people read it")]
      : []),
    // Each once: two ports of one name are one thing to put right.
    ...hosts
      .filter(([, host], index) => hosts.findIndex(([, other]) => other === host) === index)
      .flatMap(([path, host]) => checkHost(source, path, host)),
    ...checkLiteral(source, vpn),
    ...checkPort(source, home),
  ];
}

function checkHost(source: Source, path: Path, host: string): Finding[] {
  const reason = describeReserved(host);
  return reason === undefined ? [] : [warning(source, path, `"${host}" ${reason}`, 'Write your own here before you give cards away')];
}

/** A name alone is lost where a resolver lies, and a trial has none. */
function checkLiteral(source: Source, vpn: Operator['vpn'] | undefined): Finding[] {
  if (!vpn || vpn.endpoints.some((endpoint) => isIP(hostOf(endpoint)) !== 0)) return [];
  const message = 'Found no address in numbers among the endpoints: cards need one where a resolver lies, and "semeur boot --until claimed" always';
  return [warning(source, ['vpn', 'endpoints'], message, 'Add your server\'s own, such as "192.0.2.10:51820"')];
}

/** Cards whose network blocks UDP call there, and would find nobody. */
function checkPort(source: Source, home: Operator['home'] | undefined): Finding[] {
  if (!home || home.forwarded) return [];
  const [called, heard] = [Number(new URL(home.url).port || 443), Number(home.listen.slice(home.listen.lastIndexOf(':') + 1))];
  if (called === heard) return [];
  const { hostname } = new URL(home.url);
  const hint = `Write "https://${hostname}:${heard}"; or, where something leads port ${called} to port ${heard} without ending TLS, "forwarded: true" below it`;
  return [warning(source, ['home', 'url'], `Cards call port ${called}, and home listens on port ${heard}`, hint)];
}

function checkClient({ source, known }: Entry<ClientFile>, overlays: ReadonlyMap<string, Entry<Overlay>>): Finding[] {
  const domains = listDomains(known.settings ?? {}, (service) => overlays.get(service)?.known.settings);
  const example = isExampleClient(known)
    ? [warning(source, ['client'], 'This client is the example that "semeur init" made', 'Make it a real one, or delete the file')]
    : [];
  return [...example, ...domains.flatMap(({ domain, path }) => checkHost(source, path, domain))];
}

function warning(source: Source, path: Path, message: string, hint: string): Finding {
  return { ...source.error(path, message, hint), level: 'warning' };
}

/** Takes "host:port" or "[IPv6]:port" apart. */
function hostOf(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

function hostOfUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
