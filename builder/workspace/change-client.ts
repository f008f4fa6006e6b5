import { type Change, editYaml } from './edit.ts';
import type { NewClient } from './render-client.ts';
import { CLIENT_TEXTS } from './schema.ts';

/** What is to be otherwise; what is left out stays. An empty text takes a key out, and null the Wi-Fi. */
export interface ClientChange extends Partial<Omit<NewClient, 'client' | 'wifi'>> {
  readonly wifi?: NewClient['wifi'] | null;
}

/** A client's file with changes in it, and every other line as it was. */
export function changeClient(text: string, change: ClientChange): string {
  return editYaml(text, [...changeFields(change), ...changeSettings(change), ...changeWifi(change)]);
}

function changeFields(change: ClientChange): Change[] {
  return CLIENT_TEXTS.flatMap((key) => {
    const value = change[key];
    return value === undefined ? [] : [{ path: [key], value: value === '' ? undefined : value }];
  });
}

function changeSettings({ settings = {} }: ClientChange): Change[] {
  return Object.entries(settings).flatMap(([service, texts]) =>
    Object.entries(texts).map(([key, value]) => ({ path: ['settings', service, key], value })),
  );
}

function changeWifi({ wifi }: ClientChange): Change[] {
  if (wifi === null) return [{ path: ['wifi'] }];
  return Object.entries(wifi ?? {}).map(([key, value]) => ({ path: ['wifi', key], value }));
}
