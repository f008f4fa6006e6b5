export { parseDebName } from '../../debian/package-set.ts';

/** A Debian package that something names: of the card, or of a lock. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** os-release(5): { ID: "debian", VERSION_ID: "13", … } */
export type OsRelease = Readonly<Record<string, string>>;

/**
 * "pkg:deb/debian/curl@8.14.1-2?arch=arm64", with "&distro=debian-13" where the release is told: who looks for known faults goes by it.
 * @see https://github.com/package-url/purl-spec
 */
export function debianPackageUrl({ name, version, architecture }: DebianPackage, { ID, VERSION_ID }: OsRelease = {}): string {
  const distro = ID === undefined || VERSION_ID === undefined ? '' : `&distro=${encode(`${ID}-${VERSION_ID}`)}`;
  return `pkg:deb/debian/${encode(name)}@${encode(version)}?arch=${encode(architecture)}${distro}`;
}

/** "pkg:npm/%40types/node@24.0.0" */
export function npmPackageUrl(name: string, version: string): string {
  return `pkg:npm/${name.split('/').map(encode).join('/')}@${encode(version)}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}
