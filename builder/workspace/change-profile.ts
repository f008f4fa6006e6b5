import { editYaml } from './edit.ts';

/** A profile's file with services added, and every other line as it was. */
export function addServices(text: string, services: readonly string[]): string {
  return editYaml(
    text,
    services.map((service) => ({ path: ['services'], add: service })),
  );
}

/** A profile's file that says where it was taken from. */
export function setPublished(text: string, url: string): string {
  return editYaml(text, [{ path: ['published'], value: url }]);
}
