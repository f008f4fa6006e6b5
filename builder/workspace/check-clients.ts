import { listDomains } from './domains.ts';
import { checkName, type Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import type { Overlay } from './overlay-schema.ts';
import { refuseDomain } from './rules/addresses.ts';
import { isRegExp } from './rules/rule.ts';
import { suggestHint } from './rules/suggest.ts';
import type { ClientFile, Profile } from './schema.ts';
import type { Path, Source } from './source.ts';

type ClientEntry = Entry<ClientFile>;
type Parts = { readonly profiles: ReadonlyMap<string, Entry<Profile>>; readonly overlays: ReadonlyMap<string, Entry<Overlay>> };

/** What one client's file can't tell: whether its profile and settings exist, and whether another client has its names. */
export function checkClients(clients: readonly ClientEntry[], parts: Parts): Finding[] {
  return [
    ...clients.flatMap((entry) => [...checkName(entry, 'client'), ...checkParts(entry, parts)]),
    ...checkUnique(clients, 'Client', ({ known: { client } }) => (client === undefined ? [] : [[client, ['client']]])),
    ...checkUnique(clients, 'Host name', (entry) => {
      const name = hostName(entry);
      return name === undefined ? [] : [[name, [entry.known.hostname === undefined ? 'client' : 'hostname']]];
    }),
    ...checkUnique(clients, 'Domain', ({ known: { settings = {} } }) =>
      listDomains(settings, (service) => parts.overlays.get(service)?.known.settings).map(({ domain, path }) => [domain, path]),
    ),
  ];
}

function hostName({ known, source }: ClientEntry): string | undefined {
  const stated = typeof source.value === 'object' && source.value !== null && 'hostname' in source.value;
  return known.hostname ?? (stated ? undefined : known.client);
}

/** @param namesOf an entry's names of this kind, and where they stand. */
function checkUnique(clients: readonly ClientEntry[], what: string, namesOf: (entry: ClientEntry) => (readonly [string, Path])[]): Finding[] {
  const first = new Map<string, Source>();
  return clients.flatMap((entry) =>
    namesOf(entry).flatMap(([name, path]) => {
      const other = first.get(name);
      first.set(name, other ?? entry.source);
      return other ? [entry.source.error(path, `${what} "${name}" is taken by "${other.file}"`, 'Choose another')] : [];
    }),
  );
}

function checkParts({ source, known }: ClientEntry, { profiles, overlays }: Parts): Finding[] {
  if (known.profile === undefined) return [];
  const profile = profiles.get(known.profile);
  if (!profile) return [source.error(['profile'], `Unknown profile "${known.profile}"`, suggestHint(known.profile, [...profiles.keys()]))];
  const { services } = profile.known;
  if (services === undefined) return [];
  return Object.entries(known.settings ?? {}).flatMap(([service, settings]) => {
    const path = ['settings', service];
    if (!services.includes(service)) {
      return [source.errorAtKey(path, `Profile "${known.profile}" has no service "${service}"`, suggestHint(service, services))];
    }
    const asked = overlays.get(service)?.known.settings;
    return asked === undefined ? [] : checkSettings(source, path, settings, asked);
  });
}

function checkSettings(source: Source, path: Path, settings: Readonly<Record<string, string>>, asked: Overlay['settings']): Finding[] {
  return Object.entries(settings).flatMap(([key, text]) => {
    const setting = Object.hasOwn(asked, key) ? asked[key] : undefined;
    if (!setting) return [source.errorAtKey([...path, key], `Unknown setting "${key}"`, suggestHint(key, Object.keys(asked)))];
    const refusal = refuseSetting(text, setting);
    if (refusal !== undefined) return [source.error([...path, key], refusal)];
    const { requires } = setting;
    if (text === setting.default || hasWhatItNeeds(setting, (other) => settings[other] ?? asked[other]?.default)) return [];
    return [source.error([...path, key], `"${key}" does nothing without "${requires}"`, `Say "${requires}" too, or take "${key}" away`)];
  });
}

type Setting = Overlay['settings'][string];

/** @returns why a service can't take the text; characters are counted as people see them. */
export function refuseSetting(text: string, { title, max = Number.POSITIVE_INFINITY, choices, pattern, domain }: Setting): string | undefined {
  const characters = [...new Intl.Segmenter().segment(text)].length;
  if (characters > max) return `Expected at most ${max} characters, found ${characters}`;
  if (/[^\P{Cc}\t\n]/u.test(text)) return 'Expected no control characters but tabs and line breaks';
  if (domain && text !== '') return refuseDomain(text)?.message;
  if (choices && !choices.includes(text)) return `Expected one of ${choices.map((choice) => `"${choice}"`).join(', ')}`;
  if (pattern !== undefined && isRegExp(pattern) && !new RegExp(`^(?:${pattern})$`, 'u').test(text)) return `Expected what is asked: ${title.en}`;
  return undefined;
}

/** Whether a setting would do something: the other one that it requires, if any, has a text. */
export function hasWhatItNeeds({ requires }: Setting, textOf: (key: string) => unknown): boolean {
  return requires === undefined || Boolean(textOf(requires));
}
