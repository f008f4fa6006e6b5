import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
  /** Hexadecimal; none for what only other systems install. */
  readonly sha512: string | undefined;
}

/** Semeur and what it runs on: what made the card, and isn't on it. */
export interface BuildTools {
  readonly version: string;
  readonly licence: string;
  /** Without what only tests use. */
  readonly npm: readonly NpmPackage[];
}

const entrySchema = z.object({
  version: z.string(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
});
const lockSchema = z.object({ packages: z.record(z.string(), entrySchema) });

/** @param checkout the folder with Semeur's package-lock.json. */
export async function readBuildTools(checkout: string): Promise<BuildTools> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')));
  const { '': own, ...rest } = packages;
  const npm = Object.entries(rest).flatMap(([path, { version, license, integrity, dev }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return dev ? [] : [{ name, version, licence: license, sha512: toHex(integrity) }];
  });
  // The same version can lie in two places of the tree.
  const unique = new Map(npm.map((entry) => [`${entry.name}@${entry.version}`, entry]));
  return { version: own?.version ?? '', licence: own?.license ?? '', npm: [...unique.values()] };
}

/** "sha512-BASE64" @see https://www.w3.org/TR/sri-2/ */
function toHex(integrity: string | undefined): string | undefined {
  const base64 = /^sha512-(\S+)/.exec(integrity ?? '')?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}
