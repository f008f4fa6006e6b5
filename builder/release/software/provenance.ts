import type { PackageSet, PooledFile } from '../../debian/package-set.ts';
import type { ProfileLock } from '../../profile/lock.ts';
import { debianPackageUrl, parseDebName } from './package-url.ts';

/**
 * How a release was made, as verifiers look it up. `semeur profile build PROFILE --locked`, in a workspace of the files in `externalParameters.workspace`, with
 * Semeur at its commit and the packages, package lists and image of `resolvedDependencies`, gives the subjects byte for byte.
 * externalParameters: `profile`, its name; `workspace`, the operator's files that went in. internalParameters: `SOURCE_DATE_EPOCH`, of the lock.
 * A tag: URI (RFC 4151), since the project promises no web address; ".invalid" is nobody's.
 */
export const BUILD_TYPE = 'tag:semeur.invalid,2026:release/1';
/** Whoever signed the release built it, on a machine of their own choice: the signature says who. */
const BUILDER_ID = 'tag:semeur.invalid,2026:operator/1';

export interface NamedDigest {
  /** A path in the release's folder, or in the workspace, with "/". */
  readonly name: string;
  readonly sha256: string;
}

export interface ProvenanceFacts {
  /** The release's files. */
  readonly subjects: readonly NamedDigest[];
  readonly profile: string;
  /** Semeur's. */
  readonly version: string;
  readonly lock: ProfileLock;
  /** The commit in git, hexadecimal; undefined where the folder is no checkout. */
  readonly commits: { readonly semeur: string | undefined; readonly workspace: string | undefined };
  readonly workspaceFiles: readonly NamedDigest[];
}

interface ResourceDescriptor {
  readonly name: string;
  readonly uri?: string;
  readonly digest: { readonly sha256: string } | { readonly gitCommit: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * An in-toto Statement v1 with SLSA provenance v1, unsigned. No time and no invocation in it: the same facts give the same bytes, in whatever order they come.
 * @see https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 * @see https://slsa.dev/spec/v1.0/provenance
 */
export function renderProvenance({ subjects, profile, version, lock, commits, workspaceFiles }: ProvenanceFacts): string {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: sortResources(subjects.map(describeFile)),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { profile, workspace: sortResources(workspaceFiles.map(describeFile)) },
        internalParameters: { SOURCE_DATE_EPOCH: lock.epoch },
        resolvedDependencies: [...listCommits(commits), ...listImage(lock), ...listContainers(lock), ...listPackages(lock)],
      },
      runDetails: { builder: { id: BUILDER_ID, version: { semeur: version } } },
    },
  };
  return `${JSON.stringify(statement, null, 1)}\n`;
}

function describeFile({ name, sha256 }: NamedDigest): ResourceDescriptor {
  return { name, digest: { sha256 } };
}

function listCommits({ semeur, workspace }: ProvenanceFacts['commits']): ResourceDescriptor[] {
  const describe = (name: string, commit: string | undefined) => (commit === undefined ? [] : [{ name, digest: { gitCommit: commit } }]);
  return [...describe('semeur', semeur), ...describe('workspace', workspace)];
}

/** Names it as it is downloaded; the digest of what it unpacks to is in the annotation. */
function listImage({ image }: ProfileLock): ResourceDescriptor[] {
  if (image === undefined) return [];
  const { download, image: unpacked } = image;
  return [{ name: 'os-image', uri: download.url, digest: { sha256: download.sha256 }, annotations: { unpackedSha256: unpacked.sha256 } }];
}

function listContainers({ containers = [] }: ProfileLock): ResourceDescriptor[] {
  return containers.map(({ overlay, image }) => ({ name: `container:${overlay}`, uri: `oci://${image}`, digest: { sha256: image.slice(-64) } }));
}

/** Keeps one of each where the toolbox and the card have the same. */
function listPackages({ toolbox, base, added }: ProfileLock): ResourceDescriptor[] {
  const described = [toolbox, base, added].flatMap(({ lists = [], debs }: PackageSet) => [...lists.map(describeFile), ...debs.map(describeDeb)]);
  return sortResources([...new Map(described.map((resource) => [key(resource), resource])).values()]);
}

function describeDeb({ name, sha256 }: PooledFile): ResourceDescriptor {
  return { name, uri: debianPackageUrl(parseDebName(name)), digest: { sha256 } };
}

function sortResources(resources: readonly ResourceDescriptor[]): ResourceDescriptor[] {
  return resources.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function key({ name, digest }: ResourceDescriptor): string {
  return `${name} ${JSON.stringify(digest)}`;
}
