import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeAtomically, writeFileAtomically } from '../../kit/atomic-file.ts';
import { Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';
import { fingerprintOf } from '../../kit/ssh-signature.ts';
import { REGION_BYTES } from '../../protocol/sizes.ts';
import { boundCache } from '../cache/prune.ts';
import { writeSparse } from '../disk/sparse-file.ts';
import { renderBmap } from '../image/bmap.ts';
import { checkPrefixFile } from '../image/check-prefix.ts';
import { composeTail } from '../image/compose.ts';
import { compressPrefix } from '../image/compress.ts';
import { decodeImage } from '../image/decode.ts';
import { downloadPlanFile, writeDownloadPlan } from '../image/download-plan.ts';
import { type Prefix, prefixFile, removePrefix } from '../image/prefix.ts';
import { createToolboxXz } from '../image/toolbox-xz.ts';
import { writeImage } from '../image/write-image.ts';
import { findProfile } from '../workspace/find-named.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import type { Profile } from '../workspace/schema.ts';
import { ensureSecrets } from '../workspace/secrets.ts';
import { makeProfile } from './build.ts';
import { type BuiltProfile, loadBuiltProfile, type ProfileManifest, profilesFolder, readManifest } from './built.ts';
import type { ProfileFacts } from './profile-files.ts';
import type { LockOptions } from './stages.ts';

/**
 * Builds a profile and writes its own image, with an empty seed region, to out/profiles/: no secret is in it.
 * Quick when nothing changed.
 */
export async function ensureProfile(session: Session, workspace: LoadedWorkspace, name: string, options: LockOptions = {}): Promise<BuiltProfile> {
  if (isTaken(workspace, name)) return loadTaken(workspace, name);
  const { prefix: raw, facts, stages } = await makeProfile(session, workspace, name, options);
  const prefix = await compressPrefix(raw, 'xz', createToolboxXz(stages.toolbox), session);
  const before = await readManifest(workspace.folder, name);
  const plan = downloadPlanFile(dirname(profilesFolder(workspace.folder)), { profile: name });
  if (before?.build === facts.build && before.prefix === prefix.digest && existsSync(plan)) return loadBuiltProfile(workspace.folder, name);
  await publishImage(session, workspace.folder, prefix, { ...facts, boards: findProfile(workspace, name).boards });
  // Something new came into the cache: so this is when something old may go.
  await boundCache(session);
  return loadBuiltProfile(workspace.folder, name);
}

/** Writes a profile's own image to a workspace's out/profiles/, with its map, its manifest and what home needs to offer it. */
export async function publishImage(
  { signal }: Pick<Session, 'signal'>,
  workspace: string,
  prefix: Prefix,
  { profile, build, seedKey, settings, boards }: Pick<ProfileFacts, 'profile' | 'build' | 'seedKey' | 'settings'> & Pick<Profile, 'boards'>,
): Promise<void> {
  const folder = profilesFolder(workspace);
  const composed = await composeTail(prefix, Buffer.alloc(REGION_BYTES), 'xz');
  const { tail, image, extracted } = composed;
  const file = `${profile}.img.xz`;
  await writeImage(prefix, tail, 'xz', join(folder, file), { signal });
  await writeFileAtomically(join(folder, `${profile}.bmap`), renderBmap(prefix));
  const manifest: ProfileManifest = {
    ...{ profile, prefix: prefix.digest, build },
    image: { file, format: 'xz', ...image },
    extracted,
    region: { offset: prefix.bytes, bytes: REGION_BYTES },
    signer: fingerprintOf(seedKey),
    settings,
    bmap: `${profile}.bmap`,
  };
  await writeDownloadPlan(dirname(folder), prefix, composed, 'xz', { boards });
  await writeFileAtomically(join(folder, `${profile}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The profile's prefix alone, uncompressed: to compress it takes longer than all else. */
export async function ensurePlainPrefix(session: Session, workspace: LoadedWorkspace, name: string): Promise<Prefix> {
  if (!isTaken(workspace, name)) return (await makeProfile(session, workspace, name, {})).prefix;
  const built = await loadTaken(workspace, name);
  await ensureRaw(session, workspace.folder, built);
  return built.prefix;
}

/** Whether the profile comes as it was published: asked for, or since this is no Linux. */
function isTaken(workspace: LoadedWorkspace, name: string): boolean {
  return process.platform !== 'linux' || findProfile(workspace, name).published !== undefined;
}

async function loadTaken(workspace: LoadedWorkspace, name: string): Promise<BuiltProfile> {
  const { published } = findProfile(workspace, name);
  await ensureSecrets(workspace.folder);
  return loadBuiltProfile(workspace.folder, name, published === undefined ? undefined : `Take it: semeur profile fetch ${published}`);
}

/** Writes the raw image of a profile that was downloaded: the cache has its compressed bytes alone. */
async function ensureRaw({ progress, signal }: Session, workspace: string, { prefix, manifest }: BuiltProfile): Promise<void> {
  const raw = prefixFile(prefix.digest, 'img');
  if (existsSync(raw)) return;
  await progress.step(`Unpacking "${manifest.image.file}"`, () =>
    writeAtomically(raw, async (handle) => {
      const image = decodeImage(join(profilesFolder(workspace), manifest.image.file), 'xz');
      await writeSparse(handle, image, () => signal.throwIfAborted());
      await handle.truncate(prefix.bytes);
    }),
  );
}

/** The same as ensureProfile(), having read what the cache holds of it from end to end: a flipped bit there would be in every client's image. */
export async function ensureSoundProfile(
  session: Session,
  workspace: LoadedWorkspace,
  name: string,
  options: LockOptions = {},
): Promise<BuiltProfile> {
  const built = await ensureProfile(session, workspace, name, options);
  try {
    await session.progress.step('Checking what the cache keeps of it', async () => {
      for (const format of isTaken(workspace, name) ? (['xz'] as const) : (['img', 'xz'] as const))
        await checkPrefixFile(built.prefix, format, session.signal);
    });
    return built;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    session.progress.warn(`${error.message}: it is made again`);
    await removePrefix(built.prefix.digest);
    return ensureProfile(session, workspace, name, options);
  }
}
