import { createHash } from 'node:crypto';
import { toSpdx } from '../../workspace/spdx.ts';

/** What we write of CycloneDX 1.6. The project's own library sorts by the machine's locale, and has no formulation. @see https://cyclonedx.org/docs/1.6/json/ */
export interface Component {
  readonly type: 'application' | 'container' | 'file' | 'library' | 'operating-system';
  readonly 'bom-ref': string;
  readonly supplier?: { readonly name: string };
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly hashes?: readonly { readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string }[];
  readonly licenses?: readonly LicenceChoice[];
  readonly purl?: string;
  readonly components?: readonly Component[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

type LicenceChoice = { readonly license: { readonly id: string } | { readonly name: string } } | { readonly expression: string };

export interface Dependency {
  readonly ref: string;
  readonly dependsOn: readonly string[];
}

export interface Bom {
  readonly metadata: {
    readonly timestamp: string;
    readonly lifecycles: readonly { readonly phase: 'build' }[];
    readonly tools: { readonly components: readonly Component[] };
    readonly component: Component;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  /** How it was made, and of what: not on the card. */
  readonly formulation: readonly { readonly 'bom-ref': string; readonly components: readonly Component[] }[];
}

/** The same BOM has the same serial number, and another one another: its UUID is a hash of it (RFC 9562, version 8). */
export function renderBom(bom: Bom): string {
  const sorted = sortBom(bom);
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
  const uuid = hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
  const head = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuid}`,
  };
  return `${JSON.stringify({ ...head, version: 1, ...sorted }, null, 1)}\n`;
}

function sortBom({ components, dependencies, formulation, ...rest }: Bom): Bom {
  return {
    ...rest,
    components: sortComponents(components),
    dependencies: dependencies.map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.toSorted() })).sort((a, b) => (a.ref < b.ref ? -1 : 1)),
    formulation: formulation.map((formula) => ({ ...formula, components: sortComponents(formula.components) })),
  };
}

function sortComponents(components: readonly Component[]): Component[] {
  const whole = components.map((component) =>
    component.components ? { ...component, components: sortComponents(component.components) } : component,
  );
  return whole.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
}

/** Each by its SPDX id, where it has one, or else by the name given; a choice or a conjunction is an expression, which can only stand alone. */
export function licencesOf(names: readonly string[]): LicenceChoice[] {
  const known = [...new Set(names.map((name) => toSpdx(name) ?? name))].sort();
  const [only, ...others] = known;
  const isSpdx = (name: string) => toSpdx(name) !== undefined;
  if (only !== undefined && others.length === 0 && only.includes(' ') && isSpdx(only)) return [{ expression: only }];
  return known.map((name) => ({ license: isSpdx(name) && !name.includes(' ') ? { id: name } : { name } }));
}
