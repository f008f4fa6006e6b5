import { z } from 'zod';
import { overlaySchema } from './overlay-schema.ts';

interface Described {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly additionalProperties?: Described | boolean;
  readonly required?: readonly string[];
}

/** The page that lists every key of overlay.yaml: docs/overlay-reference.md, which a test compares with this. */
export function renderOverlayReference(): string {
  const schema = z.toJSONSchema(overlaySchema, { io: 'input' }) as Described;
  const rows = listKeys('', schema).map(
    ({ key, described, isRequired }) => `| \`${key}\` | ${describeValue(described, isRequired)} | ${described.description ?? ''} |`,
  );
  return `# Every key of overlay.yaml

Made from \`builder/workspace/overlay-schema.ts\` by \`semeur overlay reference\`. How to write an overlay: [overlays.md](overlays.md).

| key | value | what for |
| --- | --- | --- |
${rows.join('\n')}
`;
}

interface Row {
  readonly key: string;
  readonly described: Described;
  readonly isRequired: boolean;
}

function listKeys(above: string, { properties = {}, required = [] }: Described): Row[] {
  return Object.entries(properties).flatMap(([name, described]) => {
    const key = above === '' ? name : `${above}.${name}`;
    const values = typeof described.additionalProperties === 'object' ? listKeys(`${key}.KEY`, described.additionalProperties) : [];
    const row = { key, described, isRequired: required.includes(name) };
    return [row, ...listKeys(key, described), ...values, ...listKeys(`${key}[]`, described.items ?? {})];
  });
}

function describeValue({ type = 'text', enum: choice, default: value, items, additionalProperties }: Described, isRequired: boolean): string {
  const words: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', boolean: 'true or false', object: 'keys' };
  const kind = choice ? choice.join(' or ') : items ? 'list' : additionalProperties && type === 'object' ? 'keys of your own' : (words[type] ?? type);
  if (isRequired) return `${kind}, needed`;
  const simple = typeof value === 'string' || typeof value === 'number';
  return simple && value !== '' ? `${kind}; without it, \`${value}\`` : kind;
}
