import { editYaml } from './edit.ts';

/** A profile's file with services added, and every other line as it was. */
export function addServices(text: string, services: readonly string[]): string {
  return editYaml(
    text,
    services.map((service) => ({ path: ['services'], add: service })),
  );
}
