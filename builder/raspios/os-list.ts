import { z } from 'zod';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { fetchDocument } from '../fetch/fetch-document.ts';
import type { Patience } from '../fetch/patience.ts';
import { showUrl } from '../fetch/web-request.ts';

/** What Raspberry Pi Imager itself reads (its src/config.h). */
export const OFFICIAL_OS_LIST = 'https://downloads.raspberrypi.com/os_list_imagingutility_v4.json';

export const RASPIOS_SUITES = ['trixie', 'bookworm'] as const;
export type RaspiosSuite = (typeof RASPIOS_SUITES)[number];

/** A 64-bit Lite image of the list. */
export interface ListedImage {
  readonly name: string;
  readonly suite: RaspiosSuite;
  /** YYYY-MM-DD, of the file's name: the list's own date may be a day later. */
  readonly release: string;
  readonly download: { readonly url: string; readonly bytes: number; readonly sha256?: string | undefined };
  /** Unpacked. */
  readonly image: { readonly bytes: number; readonly sha256: string };
}

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/i)
  .transform((text) => text.toLowerCase());
const size = z.int().positive();

/** What we need of an entry; the list has many more keys, and gets new ones. */
const entrySchema = z.object({
  name: z.string().default(''),
  url: z.string(),
  extract_size: size,
  extract_sha256: digest,
  image_download_size: size,
  image_download_sha256: digest.optional().catch(undefined),
});
const categorySchema = z.object({ subitems: z.array(z.unknown()) });
const listSchema = z.object({ os_list: z.array(z.unknown()) });

/** Lists of others that the official one includes by address (subitems_url) hold no Raspberry Pi OS: they are not followed. */
const MOST_BYTES = 16 * 1024 * 1024;
const DEEPEST = 8;

export async function fetchOsList(session: Session, url: string, patience?: Partial<Patience>): Promise<ListedImage[]> {
  const bytes = await session.progress.step('Reading the list of operating systems', (note) =>
    fetchDocument(session, url, { most: MOST_BYTES, note, patience }),
  );
  if (bytes === undefined) throw noList(url, 'there is none');
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(?:localhost|127\..*|\[::1\])$/.test(hostname)) {
    session.progress.warn(`The list "${showUrl(url)}" came over http: anybody on the way could change it, hashes and all; take an https address`);
  }
  return parseOsList(bytes.toString('utf8'), url);
}

/**
 * The 64-bit Lite images of a list, newest first. What can't be used is left out.
 * @param url where the list was: addresses in it may be relative to it.
 * @throws {Failure} when it is no list at all.
 */
export function parseOsList(text: string, url: string): ListedImage[] {
  const list = listSchema.safeParse(parseJson(text));
  if (!list.success) throw noList(url, 'it has no "os_list"');
  const images = collectEntries(list.data.os_list, 0).flatMap((entry) => readEntry(entry, url));
  const byUrl = new Map(images.map((image) => [image.download.url, image]));
  return [...byUrl.values()].sort((a, b) => compare(b.release, a.release) || compare(b.suite, a.suite));
}

/** @throws {Failure} that tells which there are. */
export function chooseImage(
  images: readonly ListedImage[],
  { suite = 'trixie', release }: { suite?: RaspiosSuite | undefined; release?: string | undefined },
): ListedImage {
  const ofSuite = images.filter((image) => image.suite === suite);
  const found = release === undefined ? ofSuite[0] : ofSuite.find((image) => image.release === release);
  if (found) return found;
  const wanted = release === undefined ? `"${suite}"` : `"${suite}" of ${release}`;
  const there = images.map((image) => `${image.suite} ${image.release}`).join(', ');
  throw new Failure(`Cannot find the 64-bit Raspberry Pi OS Lite ${wanted} in the list`, {
    hint:
      there === ''
        ? 'Name another list as "raspios: list:" in semeur.yaml, or take an image that you have'
        : `There are: ${there}; or take an image that you have`,
  });
}

/** Suite and release date by the name of a file or the address of one, as Raspberry Pi names its images; undefined where it is another. */
export function readImageName(path: string): { suite: RaspiosSuite; release: string } | undefined {
  const [, release = '', suite] =
    /(?:^|\/)(\d{4}-\d{2}-\d{2})-raspios-(trixie|bookworm)-arm64-lite(?:\.img|\.img\.xz|\.img\.zip|\.zip)$/.exec(path) ?? [];
  return suite === undefined ? undefined : { suite: suite as RaspiosSuite, release };
}

function collectEntries(items: readonly unknown[], depth: number): unknown[] {
  return items.flatMap((item) => {
    const category = categorySchema.safeParse(item);
    if (!category.success) return [item];
    return depth < DEEPEST ? collectEntries(category.data.subitems, depth + 1) : [];
  });
}

function readEntry(value: unknown, listUrl: string): ListedImage[] {
  const entry = entrySchema.safeParse(value);
  if (!entry.success) return [];
  const { name, extract_size, extract_sha256, image_download_size, image_download_sha256 } = entry.data;
  const url = URL.parse(entry.data.url, listUrl);
  const known = url && ['http:', 'https:'].includes(url.protocol) ? readImageName(url.pathname) : undefined;
  if (!url || !known || !/\.(?:xz|zip)$/.test(url.pathname)) return [];
  const download = { url: url.href, bytes: image_download_size, sha256: image_download_sha256 };
  return [{ name, ...known, download, image: { bytes: extract_size, sha256: extract_sha256 } }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function noList(url: string, reason: string): Failure {
  return new Failure(`Cannot read the list of operating systems "${showUrl(url)}": ${reason}`, {
    hint: 'Look at "raspios: list:" in semeur.yaml: it is the address of a list as Raspberry Pi Imager reads them',
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
