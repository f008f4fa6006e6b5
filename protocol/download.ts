/**
 * What home needs in order to serve an image that lies nowhere as a file: written by `build` to out/downloads/CLIENT.json, and of a profile's
 * own image, which anybody may have, to out/downloads/public/PROFILE.json. One file, so that a reader has all of it or nothing.
 */
export interface DownloadPlan {
  readonly download: 1;
  /** What it is called when it is saved, such as "durand.img.xz". */
  readonly file: string;
  /** Its media type. */
  readonly type: string;
  /** The SHA-256 of the whole file, which its ETag is made of. */
  readonly bytes: number;
  /** Lower-case hex, as everywhere here. */
  readonly sha256: string;
  /** What a flasher writes to the card. */
  readonly extracted: { readonly bytes: number; readonly sha256: string };
  readonly profile: string;
  /** Raspberry Pi models, as the profile names them. */
  readonly boards: readonly string[];
  /** DIGEST/FILE in the folder of prefixes, and how long that file is. */
  readonly prefix: { readonly digest: string; readonly file: 'prefix.xz' | 'prefix.zst'; readonly bytes: number };
  /** The file is these ranges, one after the other. */
  readonly parts: readonly DownloadPart[];
  /** What follows the prefix, base64: some kilobytes. A client's is a secret, and home takes it out once the card has called. */
  readonly tail?: string;
  /** Only present for a client's image, not for a profile's own. */
  readonly client?: DownloadClient;
}

export interface DownloadPart {
  readonly of: 'prefix' | 'tail';
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

export interface DownloadClient {
  readonly client: string;
  /** The name that people read. */
  readonly name: string;
  /** Names the order that this image was made for: home knows by it whether the image still opens anything. */
  readonly tokenSha256: string;
  /** What the card will offer, at http://HOSTNAME.local/PATH/. */
  readonly services: readonly { readonly path: string; readonly fr: string; readonly en: string }[];
  /** The small file for a card that has the public image, base64. A secret, as the tail is. */
  readonly seed?: string;
}
