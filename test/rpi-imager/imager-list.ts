import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

const SCHEMA = JSON.parse(readFileSync(join(import.meta.dirname, 'os-list-schema.json'), 'utf8'));
/** Not strict: the schema has words that ajv warns of, and that change nothing. */
const validate = new Ajv({ strict: false, allErrors: true }).compile(SCHEMA);

/** What Raspberry Pi Imager's published schema has against a list of systems; nothing where it takes it. */
export function findImagerComplaints(list: string): string[] {
  return validate(JSON.parse(list)) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
