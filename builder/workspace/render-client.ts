import { stringify } from 'yaml';
import { schemaComment } from './json-schema.ts';
import type { Overlay } from './overlay-schema.ts';
import type { ClientFile, Operator } from './schema.ts';

export interface NewClient extends Pick<ClientFile, 'client' | 'name' | 'profile'> {
  readonly language?: string | undefined;
  readonly hostname?: string | undefined;
}

/**
 * The file of a new client, with each setting of their services as it is until somebody fills it in.
 * @param language what the comments are in.
 */
export function renderClient(client: NewClient, services: readonly Overlay[], language: Operator['language']): string {
  const { client: id, name, profile, hostname } = client;
  const fields = Object.entries({ client: id, name, profile, language: client.language, hostname });
  const asking = services.filter(({ settings }) => Object.keys(settings).length > 0);
  const lines = [
    schemaComment('client', '../'),
    ...fields.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${renderText(value)}`])),
    ...(asking.length > 0 ? ['settings:'] : []),
    ...asking.flatMap((overlay) => renderSettings(overlay, language)),
  ];
  return `${lines.join('\n')}\n`;
}

function renderSettings({ overlay, settings }: Overlay, language: Operator['language']): string[] {
  const lines = Object.entries(settings).flatMap(([key, { title, default: text }]) => [
    `    # ${title[language]}`,
    `    ${key}: ${renderText(text)}`,
  ]);
  return [`  ${overlay}:`, ...lines];
}

/** A text as a YAML value on one line. */
export function renderText(text: string): string {
  // YAML reads JSON's texts.
  return text.includes('\n') ? JSON.stringify(text) : stringify(text, { lineWidth: 0 }).trimEnd();
}
