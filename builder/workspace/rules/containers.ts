import type { z } from 'zod';
import { type ImageName, parseImageName, parsePinnedImage } from '../image-name.ts';
import { toSpdx } from '../spdx.ts';
import { refuseCardPath } from './card-paths.ts';
import { matching, type Rule } from './rule.ts';

const PINNED = 'Such as "registry.example.org/notes@sha256:" and 64 hexadecimal digits';

/** A name alone may stand in an overlay: the workspace says which image of that name. */
export const refuseImage: Rule = (value) => {
  const image = parseImageName(value);
  if (image === undefined) return { message: 'Expected the name of an image, with its digest', hint: PINNED };
  if (image.digest !== undefined && image.host === undefined)
    return { message: 'Expected the host of the registry before the name of the image', hint: PINNED };
  return undefined;
};

export const refuseUnpinnedImage: Rule = (value) => {
  const image = parseImageName(value);
  if (image === undefined) return { message: 'Expected an image by its digest', hint: PINNED };
  if (parsePinnedImage(value)) return undefined;
  if (image.host === undefined) return { message: 'Expected the host of the registry before the name of the image', hint: PINNED };
  return {
    message: 'Expected an image by its digest: what a tag means changes from one day to the next',
    hint: `The digest is what this prints: ${digestCommand(image)}`,
  };
};

/** One line for a terminal that prints the digest of an image. */
export function digestCommand({ host = 'HOST', name, tag = 'TAG' }: ImageName): string {
  return `skopeo inspect --no-tags --format '{{.Digest}}' docker://${host}/${name}:${tag}`;
}

/** Those on SPDX's list that Debian's main takes: licences of software and of its pictures. */
const FREE =
  /^((A?GPL|LGPL)-[123]\.[01]-(only|or-later)|0BSD|AFL-3\.0|Apache-2\.0|Artistic-2\.0|BSD-[23]-Clause|BSL-1\.0|CC0-1\.0|CC-BY(-SA)?-4\.0|CECILL-2\.[01]|EPL-2\.0|EUPL-1\.[12]|ISC|MIT|MPL-2\.0|OFL-1\.1|OSL-3\.0|PHP-3\.01|PostgreSQL|PSF-2\.0|Ruby|Unlicense|W3C|Zlib|ZPL-2\.1)$/;

/** A release has free software alone (builder/release/find-unfree.ts), and nobody else looks into an image. */
export const refuseLicence: Rule = (value) => {
  const spdx = toSpdx(value);
  if (spdx === undefined) return { message: 'Expected a licence as SPDX calls it', hint: 'Such as "AGPL-3.0-or-later", or "MIT AND BSD-3-Clause"' };
  const unfree = spdx.split(/ (?:AND|OR) /).find((id) => !FREE.test(id));
  if (unfree === undefined) return undefined;
  return { message: `Expected free software: "${unfree}" is not among the licences that Semeur knows to be free`, hint: 'Take another image' };
};

/** What survives a restart lies where backups find it. */
export const refuseVolume: Rule = (value) => {
  const refusal = refuseCardPath(value);
  if (refusal) return refusal;
  return /^\/var\/lib\/[A-Za-z0-9._/-]+$/.test(value)
    ? undefined
    : { message: 'Expected a folder below "/var/lib"', hint: 'Such as "/var/lib/notes"' };
};

/** In a container, and in a line of its quadlet. */
export function insidePath(): z.ZodString {
  return matching(/^(\/[A-Za-z0-9._-]+)+$/, 'an absolute path in the container, such as "/data"');
}

export function numbers(): z.ZodString {
  return matching(/^\d{1,9}:\d{1,9}$/, 'a user and a group of the container by number, such as "33:33"');
}
