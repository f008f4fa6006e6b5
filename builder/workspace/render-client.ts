import { schemaComment } from './json-schema.ts';
import type { Overlay } from './overlay-schema.ts';
import { renderText } from './render-text.ts';
import { CLIENT_TEXTS, type ClientFile, type ClientText, type Operator } from './schema.ts';

export interface NewClient
  extends Pick<ClientFile, 'client' | 'name' | 'profile'>,
    Readonly<Partial<Record<Exclude<ClientText, 'name' | 'profile'>, string | undefined>>> {
  /** What is said already: service, key, text. */
  readonly settings?: ClientFile['settings'] | undefined;
  readonly wifi?: ClientFile['wifi'] | undefined;
}

/**
 * The file of a new client, with each setting of their services as it is until somebody fills it in.
 * @param language what the comments are in.
 */
export function renderClient(client: NewClient, services: readonly Overlay[], language: Operator['language']): string {
  const { settings = {}, wifi } = client;
  const fields = (['client', ...CLIENT_TEXTS] as const).map((key) => [key, client[key]] as const);
  const asking = services.filter(({ settings }) => Object.keys(settings).length > 0);
  const lines = [
    schemaComment('client', '../'),
    ...renderFields(fields, ''),
    ...(asking.length > 0 ? ['settings:'] : []),
    ...asking.flatMap((overlay) => renderSettings(overlay, settings[overlay.overlay] ?? {}, language)),
    ...(wifi ? ['wifi:', ...renderFields(Object.entries(wifi), '  ')] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function renderFields(fields: readonly (readonly [string, string | undefined])[], indent: string): string[] {
  return fields.flatMap(([key, value]) => (value === undefined ? [] : [`${indent}${key}: ${renderText(value, indent)}`]));
}

function renderSettings({ overlay, settings }: Overlay, said: Readonly<Record<string, string>>, language: Operator['language']): string[] {
  const lines = Object.entries(settings).flatMap(([key, { title, default: text }]) => [
    `    # ${title[language]}`,
    `    ${key}: ${renderText(said[key] ?? text, '    ')}`,
  ]);
  return [`  ${overlay}:`, ...lines];
}
