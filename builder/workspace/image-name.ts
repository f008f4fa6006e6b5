/** What people write to name a container's image: [HOST/]NAME[:TAG][@sha256:DIGEST]. */
export interface ImageName {
  /** A registry's host, with its port where that isn't the usual one. */
  readonly host: string | undefined;
  readonly name: string;
  readonly tag: string | undefined;
  /** SHA-256 of the manifest, or of the index of manifests: 64 hexadecimal digits. */
  readonly digest: string | undefined;
}

/** An image that is the same for everybody, for good. */
export type PinnedImage = ImageName & { readonly host: string; readonly digest: string };

/** OCI distribution specification 1.1, "Pulling manifests"; what makes a first word a host is a custom of all programs for it: a dot, a port, or "localhost". */
const HOST = String.raw`localhost(?::\d{1,5})?|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?::\d{1,5})?|[a-zA-Z0-9-]+:\d{1,5}`;
const WORD = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const FORM = new RegExp(`^(?:(${HOST})/)?(${WORD}(?:/${WORD})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@sha256:([0-9a-f]{64}))?$`);

/** @returns undefined when it is no name of an image. */
export function parseImageName(text: string): ImageName | undefined {
  const [whole, host, name = '', tag, digest] = FORM.exec(text) ?? [];
  return whole === undefined ? undefined : { host, name, tag, digest };
}

/** @returns undefined when a host or a digest is missing. */
export function parsePinnedImage(text: string): PinnedImage | undefined {
  const image = parseImageName(text);
  if (image?.host === undefined || image.digest === undefined) return undefined;
  return { ...image, host: image.host, digest: image.digest };
}
