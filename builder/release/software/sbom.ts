import type { PackageSet } from '../../debian/package-set.ts';
import type { ContainerLock, ProfileLock } from '../../profile/lock.ts';
import { parsePinnedImage } from '../../workspace/image-name.ts';
import type { BuildTools, NpmPackage } from './build-tools.ts';
import type { CardContents } from './card-contents.ts';
import { type Component, type Dependency, licencesOf, renderBom } from './cyclonedx.ts';
import type { InstalledPackage } from './dpkg-status.ts';
import type { LaidOverlay } from './laid-overlays.ts';
import { debianPackageUrl, npmPackageUrl, parseDebName } from './package-url.ts';

export interface SbomFacts {
  readonly profile: string;
  /** Debian's name of the card's. */
  readonly architecture: string;
  /** The prefix's. */
  readonly prefixDigest: string;
  readonly card: CardContents;
  readonly overlays: readonly LaidOverlay[];
  readonly lock: ProfileLock;
  readonly tools: BuildTools;
}

/** What is on a profile's card, and what made it: CycloneDX 1.6, as JSON. The same facts give the same bytes, in whatever order they come. */
export function renderSbom(facts: SbomFacts): string {
  const { profile, architecture, prefixDigest, card, overlays, lock, tools } = facts;
  const image = describeImage(profile, prefixDigest);
  const digests = debDigests(lock);
  const components = [
    describeSystem(card),
    ...overlays.map((overlay) => describeOverlay(overlay, tools)),
    ...(lock.containers ?? []).map((container) => describeContainer(container, architecture)),
    ...card.packages.map((installed) => describePackage(installed, card, digests)),
  ];
  return renderBom({
    metadata: {
      timestamp: new Date(lock.epoch * 1000).toISOString(),
      lifecycles: [{ phase: 'build' }],
      tools: { components: [describeSemeur(tools)] },
      component: image,
    },
    components,
    dependencies: [{ ref: image['bom-ref'], dependsOn: components.map((component) => component['bom-ref']) }, ...listDependencies(facts)],
    formulation: [{ 'bom-ref': 'build', components: [...tools.npm.map(describeNpm), ...describeToolbox(lock.toolbox)] }],
  });
}

function describeImage(profile: string, prefixDigest: string): Component {
  return {
    type: 'operating-system',
    'bom-ref': `profile:${profile}`,
    name: profile,
    version: prefixDigest.slice(0, 12),
    description: 'The image of a profile of Semeur, without the seed of a client',
    properties: [{ name: 'semeur:prefix:sha256', value: prefixDigest }],
  };
}

/** By its name and version, scanners know whose security notices count. */
function describeSystem({ osRelease }: CardContents): Component {
  const { ID = 'debian', VERSION_ID, PRETTY_NAME } = osRelease;
  return {
    type: 'operating-system',
    'bom-ref': `os:${ID}`,
    name: ID,
    ...(VERSION_ID === undefined ? {} : { version: VERSION_ID }),
    ...(PRETTY_NAME === undefined ? {} : { description: PRETTY_NAME }),
  };
}

function describeSemeur({ version, licence }: BuildTools): Component {
  return { type: 'application', 'bom-ref': 'semeur', name: 'semeur', version, licenses: licencesOf([licence]) };
}

function describeOverlay({ name, summary, shipped, files }: LaidOverlay, { version, licence }: BuildTools): Component {
  return {
    type: 'application',
    'bom-ref': overlayRef(name),
    name: `semeur-overlay-${name}`,
    ...(shipped ? { version } : {}),
    description: summary,
    ...(shipped ? { licenses: licencesOf([licence]) } : {}),
    components: files.map(({ path, sha256 }) => ({
      type: 'file',
      'bom-ref': `${overlayRef(name)}:${path}`,
      name: path,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    })),
  };
}

/** What is in an image, those who made it know: it stands here as one thing. @see https://github.com/package-url/purl-spec, type "oci" */
function describeContainer({ overlay, image, licence }: ContainerLock, architecture: string): Component {
  const { host = '', name = '', digest = '' } = parsePinnedImage(image) ?? {};
  const last = name.slice(name.lastIndexOf('/') + 1);
  return {
    type: 'container',
    'bom-ref': `container:${overlay}`,
    name,
    version: `sha256:${digest}`,
    description: `The image of the service "${overlay}", as its registry has it; what is in it is not listed here`,
    hashes: [{ alg: 'SHA-256', content: digest }],
    licenses: licencesOf([licence]),
    purl: `pkg:oci/${last}@sha256%3A${digest}?arch=${architecture}&repository_url=${encodeURIComponent(`${host}/${name}`)}`,
  };
}

function overlayRef(name: string): string {
  return `overlay:${name}`;
}

function describePackage(installed: InstalledPackage, { licences, osRelease }: CardContents, digests: ReadonlyMap<string, string>): Component {
  const { name, version, source, section, maintainer } = installed;
  const ref = debianPackageUrl(installed);
  const sha256 = digests.get(ref);
  const named = licences.get(name);
  return {
    type: 'library',
    'bom-ref': ref,
    ...(maintainer === undefined ? {} : { supplier: { name: maintainer } }),
    name,
    version,
    ...(sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
    // A copyright file that names none in a way that programs read is still the place to look.
    ...(named === undefined ? {} : { licenses: licencesOf(named.length > 0 ? named : [`as in /usr/share/doc/${name}/copyright`]) }),
    purl: debianPackageUrl(installed, osRelease),
    properties: [
      { name: 'semeur:debian:section', value: section },
      { name: 'semeur:debian:source', value: source.name },
      { name: 'semeur:debian:source-version', value: source.version },
    ],
  };
}

/** Maps each package, by its package URL, to the SHA-256 of the .deb that it came in. What came with an OS image has none. */
function debDigests({ base, added }: ProfileLock): Map<string, string> {
  return new Map([...base.debs, ...added.debs].map(({ name, sha256 }) => [debianPackageUrl(parseDebName(name)), sha256]));
}

function listDependencies({ card: { packages }, overlays }: SbomFacts): Dependency[] {
  const answering = new Map<string, string[]>();
  for (const installed of packages) {
    for (const name of [installed.name, ...installed.provides]) answering.set(name, [...(answering.get(name) ?? []), debianPackageUrl(installed)]);
  }
  const list = (ref: string, names: readonly string[]) => {
    const found = names.flatMap((name) => answering.get(name) ?? []);
    return { ref, dependsOn: [...new Set(found)].filter((other) => other !== ref) };
  };
  return [
    ...overlays.map(({ name, packages }) => list(overlayRef(name), packages)),
    ...packages.map((installed) => list(debianPackageUrl(installed), installed.depends)),
  ];
}

function describeNpm({ name, version, licence, sha512 }: NpmPackage): Component {
  const purl = npmPackageUrl(name, version);
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    ...(sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    ...(licence === undefined ? {} : { licenses: licencesOf([licence]) }),
    purl,
  };
}

function describeToolbox({ debs }: PackageSet): Component[] {
  return debs.map(({ name: file, sha256 }) => {
    const { name, version, architecture } = parseDebName(file);
    const purl = debianPackageUrl({ name, version, architecture });
    return { type: 'library', 'bom-ref': `toolbox:${purl}`, name, version, hashes: [{ alg: 'SHA-256', content: sha256 }], purl };
  });
}
