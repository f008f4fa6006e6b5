import { z } from 'zod';
import { overlaySchema } from './overlay-schema.ts';
import { clientSchema, operatorSchema, profileSchema } from './schema.ts';

const SCHEMAS = { operator: operatorSchema, profile: profileSchema, client: clientSchema, overlay: overlaySchema } as const;

/** JSON Schemas by which editors complete and check the workspace's files, by path. */
export function renderSchemas(): Map<string, string> {
  return new Map(
    Object.entries(SCHEMAS).map(([kind, schema]) => [
      schemaFile(kind as keyof typeof SCHEMAS),
      `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`,
    ]),
  );
}

/** Relative to the workspace. */
export function schemaFile(kind: keyof typeof SCHEMAS): string {
  return `.semeur/${kind}.schema.json`;
}

/** The comment by which editors find a file's schema. */
export function schemaComment(kind: keyof typeof SCHEMAS, toWorkspace: string): string {
  return `# yaml-language-server: $schema=${toWorkspace}${schemaFile(kind)}`;
}
