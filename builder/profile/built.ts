import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../kit/failure.ts';
import { loadPrefix, type Prefix } from '../image/prefix.ts';

/** A file that seeds may bring, as first boot's settings.list has it. */
export interface SettingsFile {
  /** Octal, such as "0644". */
  readonly mode: string;
  /** "user:group". */
  readonly owner: string;
  /** Absolute, on the Pi. */
  readonly path: string;
}

/** What is written beside a profile's own image, as out/profiles/NAME.json. */
export interface ProfileManifest {
  readonly profile: string;
  /** The prefix's digest. */
  readonly prefix: string;
  /** Hash of everything that went in. */
  readonly build: string;
  readonly image: { readonly file: string; readonly format: string; readonly bytes: number; readonly sha256: string };
  readonly extracted: { readonly bytes: number; readonly sha256: string };
  readonly region: { readonly offset: number; readonly bytes: number };
  /** Fingerprint of the key whose seeds it accepts. */
  readonly signer: string;
  readonly settings: readonly SettingsFile[];
  readonly bmap: string;
}

export interface BuiltProfile {
  readonly name: string;
  readonly prefix: Prefix;
  readonly signer: string;
  readonly settingsList: readonly SettingsFile[];
  readonly manifest: ProfileManifest;
}

export function profilesFolder(workspace: string): string {
  return join(workspace, 'out', 'profiles');
}

export async function readManifest(workspace: string, name: string): Promise<ProfileManifest | undefined> {
  const text = await readFile(join(profilesFolder(workspace), `${name}.json`), 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as ProfileManifest);
  } catch {
    return undefined;
  }
}

/**
 * The profile as it was last built in this workspace.
 * @throws {Failure} when it wasn't, or the cache has let go of it.
 */
export async function loadBuiltProfile(
  workspace: string,
  name: string,
  hint = `Build it first: semeur profile build ${name}`,
): Promise<BuiltProfile> {
  const manifest = await readManifest(workspace, name);
  const prefix = manifest && (await loadPrefix(manifest.prefix));
  if (manifest && prefix) return { name, prefix, signer: manifest.signer, settingsList: manifest.settings, manifest };
  throw new Failure(`Cannot find the profile "${name}" built`, { hint });
}
