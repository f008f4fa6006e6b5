import type { Overlay } from './overlay-schema.ts';
import type { ClientFile } from './schema.ts';

export interface StatedDomain {
  readonly domain: string;
  /** Within the client's file. */
  readonly path: readonly string[];
}

/** The names of sites on the internet that a client's settings say. @param asked what a service asks for; undefined when there is no such service. */
export function listDomains(settings: ClientFile['settings'], asked: (service: string) => Overlay['settings'] | undefined): StatedDomain[] {
  return Object.entries(settings).flatMap(([service, texts]) => {
    const known = asked(service) ?? {};
    return Object.entries(texts).flatMap(([key, domain]) =>
      domain !== '' && Object.hasOwn(known, key) && known[key]?.domain ? [{ domain, path: ['settings', service, key] }] : [],
    );
  });
}
