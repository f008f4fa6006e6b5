import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from '../atomic-file.ts';
import { Failure } from '../failure.ts';
import { renderBmap } from '../image/bmap.ts';
import { checkPrefixFile } from '../image/check-prefix.ts';
import { composeTail } from '../image/compose.ts';
import { compressPrefix } from '../image/compress.ts';
import { downloadPlanFile, writeDownloadPlan } from '../image/download-plan.ts';
import { type Prefix, REGION_BYTES, removePrefix } from '../image/prefix.ts';
import { createToolboxXz } from '../image/toolbox-xz.ts';
import { writeImage } from '../image/write-image.ts';
import { boundCache } from '../prune-cache.ts';
import { fingerprintOf } from '../seed/signature.ts';
import type { Session } from '../session.ts';
import { findProfile } from '../workspace/find-named.ts';
import type { LoadedWorkspace } from '../workspace/load.ts';
import { makeProfile } from './build.ts';
import { type BuiltProfile, loadBuiltProfile, type ProfileManifest, profilesFolder, readManifest } from './built.ts';
import type { LockOptions } from './stages.ts';

/**
 * Builds a profile and writes its own image, with an empty seed region, to out/profiles/: no secret is in it.
 * Quick when nothing changed.
 */
export async function ensureProfile(session: Session, workspace: LoadedWorkspace, name: string, options: LockOptions = {}): Promise<BuiltProfile> {
  if (process.platform !== 'linux') return loadBuiltProfile(workspace.folder, name);
  const { prefix: raw, facts, stages } = await makeProfile(session, workspace, name, options);
  const prefix = await compressPrefix(raw, 'xz', createToolboxXz(stages.toolbox), session);
  const before = await readManifest(workspace.folder, name);
  const folder = profilesFolder(workspace.folder);
  const out = dirname(folder);
  const isPublished = before?.build === facts.build && before.prefix === prefix.digest && existsSync(downloadPlanFile(out, { profile: name }));
  if (isPublished) return loadBuiltProfile(workspace.folder, name);
  const region = Buffer.alloc(REGION_BYTES);
  const composed = await composeTail(prefix, region, 'xz');
  const { tail, image, extracted } = composed;
  const file = `${name}.img.xz`;
  await writeImage(prefix, tail, 'xz', join(folder, file), { signal: session.signal });
  await writeFileAtomically(join(folder, `${name}.bmap`), renderBmap(prefix));
  const manifest: ProfileManifest = {
    profile: name,
    prefix: prefix.digest,
    build: facts.build,
    image: { file, format: 'xz', ...image },
    extracted,
    region: { offset: prefix.bytes, bytes: REGION_BYTES },
    signer: fingerprintOf(facts.seedKey),
    settings: facts.settings,
    bmap: `${name}.bmap`,
  };
  await writeDownloadPlan(out, prefix, composed, 'xz', { boards: findProfile(workspace, name).boards });
  await writeFileAtomically(join(folder, `${name}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  // Something new came into the cache: so this is when something old may go.
  await boundCache(session);
  return loadBuiltProfile(workspace.folder, name);
}

/** The profile's prefix alone, for images that nobody downloads: to compress it takes longer than all else. */
export async function ensurePlainPrefix(session: Session, workspace: LoadedWorkspace, name: string): Promise<Prefix> {
  if (process.platform !== 'linux') return (await loadBuiltProfile(workspace.folder, name)).prefix;
  return (await makeProfile(session, workspace, name, {})).prefix;
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
      for (const format of ['img', 'xz'] as const) await checkPrefixFile(built.prefix, format, session.signal);
    });
    return built;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    session.progress.warn(`${error.message}: it is made again`);
    await removePrefix(built.prefix.digest);
    return ensureProfile(session, workspace, name, options);
  }
}
