import { constants } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomically } from '../../../kit/atomic-file.ts';
import { cacheFolder } from '../../../kit/cache-folder.ts';
import { EXIT, Failure } from '../../../kit/failure.ts';
import { hashFile } from '../../../kit/hash-file.ts';
import type { Session } from '../../../kit/session.ts';
import { fingerprintOf } from '../../../kit/ssh-signature.ts';
import { REGION_BYTES } from '../../../protocol/sizes.ts';
import { composeTail } from '../../image/compose.ts';
import { loadPrefix, prefixFile, savePrefix } from '../../image/prefix.ts';
import { type ProfileManifest, readManifest } from '../../profile/built.ts';
import { overlaysOf, settingsFiles } from '../../profile/contents.ts';
import { lockFile, readLock } from '../../profile/lock.ts';
import { publishImage } from '../../profile/publish.ts';
import { setPublished } from '../../workspace/change-profile.ts';
import { findProfile } from '../../workspace/find-named.ts';
import { loadWorkspace } from '../../workspace/load.ts';
import { readTree } from '../../workspace/overlay-tree.ts';
import type { Profile } from '../../workspace/schema.ts';
import { readSeedKey } from '../../workspace/secrets.ts';
import { parseBlocksFile, type ReleasedPrefix } from '../folder/blocks-file.ts';
import { unpackWorkspace, WORKSPACE_TAR } from '../folder/workspace-tar.ts';
import { downloadImage } from './download-image.ts';
import { downloadFiles, fetchSignedList, type SignedList } from './download-release.ts';
import { findProfileName } from './verify-release.ts';

export interface FetchedProfile {
  readonly profile: string;
  /** Fingerprint of the key that signed the release. */
  readonly signer: string;
  /** Digest of the prefix. */
  readonly prefix: string;
  /** Size of the image, and how much of it was fetched: of one that was here, what changed. */
  readonly bytes: number;
  readonly fetched: number;
}

/** A release's small files, read. */
interface Papers {
  readonly list: SignedList;
  readonly profile: string;
  readonly folder: string;
  readonly manifest: ProfileManifest;
  readonly prefix: ReleasedPrefix;
  readonly boards: Profile['boards'];
}

/**
 * Takes a published profile into a workspace, in the place of building it: seeds and images are made from it as from one's own, on any system.
 * @param url of a release's folder. @param allowedSigners whose releases count.
 * @throws {Failure} when its signature doesn't hold, or cards of it would refuse this workspace's seeds; then nothing of the workspace was changed.
 */
export async function fetchProfile(session: Session, workspace: string, url: string, allowedSigners: string): Promise<FetchedProfile> {
  const list = await fetchSignedList(session, url, allowedSigners);
  const folder = cacheFolder('releases', list.sums.find(({ path }) => path === WORKSPACE_TAR)?.sha256 ?? 'none');
  await rm(folder, { recursive: true, force: true });
  try {
    const papers = await readPapers(session, list, folder);
    await checkSeedKey(workspace, papers);
    await checkProfileFile(workspace, papers);
    await checkAge(workspace, papers);
    const fetched = await fetchImage(session, workspace, papers);
    await keepPrefix(papers);
    await publishImage(session, workspace, papers.prefix, { ...papers.manifest, seedKey: await readSeedKey(workspace), boards: papers.boards });
    await writeProfileFiles(workspace, papers);
    const { profile, prefix, manifest } = papers;
    return { profile, signer: list.signer, prefix: prefix.digest, bytes: manifest.image.bytes, fetched };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchImage(session: Session, workspace: string, { list, profile, folder, manifest, prefix }: Papers): Promise<number> {
  const sum = list.sums.find(({ path }) => path === manifest.image.file);
  if (!sum) throw new Failure(`Cannot use the profile "${profile}": its ${profile}.json names another image`, { hint: 'Tell its publisher' });
  const last = await readManifest(workspace, profile);
  return downloadImage(session, list, { sum, after: prefix, before: last && (await loadPrefix(last.prefix)), folder });
}

async function readPapers(session: Session, list: SignedList, folder: string): Promise<Papers> {
  const profile = findProfileName(list.sums);
  const names = [`${profile}.json`, `${profile}.blocks.json`, WORKSPACE_TAR];
  const sums = list.sums.filter(({ path }) => names.includes(path));
  const missing = names.find((name) => !sums.some(({ path }) => path === name));
  if (missing !== undefined) throw new Failure(`Cannot use the profile "${profile}": its release has no ${missing}`, { hint: 'Tell its publisher' });
  await downloadFiles(session, list, sums, folder);
  const manifest: ProfileManifest = JSON.parse(await readFile(join(folder, `${profile}.json`), 'utf8'));
  const prefix = parseBlocksFile(await readFile(join(folder, `${profile}.blocks.json`), 'utf8'), `${profile}.blocks.json`);
  await unpackWorkspace(folder, join(folder, 'workspace'));
  const published = await loadWorkspace(join(folder, 'workspace'));
  const found = findProfile(published, profile);
  // First boot takes the files that its own list names, and no other.
  if (!isDeepStrictEqual(settingsFiles(overlaysOf(published, found)), manifest.settings)) {
    throw new Failure(`Cannot use the profile "${profile}": it was made by another version of Semeur, whose services have other settings`, {
      hint: "Take that version: the release's provenance names its commit",
    });
  }
  return { list, profile, folder, manifest, prefix, boards: found.boards };
}

async function checkSeedKey(workspace: string, { profile, manifest }: Papers): Promise<void> {
  const own = await readSeedKey(workspace).then(fingerprintOf, () => undefined);
  if (own === manifest.signer) return;
  throw new Failure(
    `Cannot make cards of the profile "${profile}": they take seeds signed by ${manifest.signer}, and this workspace's key is ${own ?? 'not there'}`,
    { hint: 'Copy secrets/seed_key and seed_key.pub from the workspace of its publisher, or build a profile of your own', exitCode: EXIT.usage },
  );
}

/** The workspace's own profile of that name is not written over. */
async function checkProfileFile(workspace: string, { list, profile, folder }: Papers): Promise<void> {
  const own = await readFile(profileFile(workspace, profile), 'utf8').catch(() => undefined);
  const published = await readFile(profileFile(join(folder, 'workspace'), profile), 'utf8');
  if (own === undefined) return checkOverlays(workspace, { profile, folder });
  if (setPublished(own, list.url) === setPublished(published, list.url)) return;
  throw new Failure(`Cannot take the profile "${profile}": profiles/${profile}.yaml is here already, and is another`, {
    hint: 'Move it away, or make it the published one',
    exitCode: EXIT.usage,
  });
}

/** Nor is a service of its own that has the name of one of the release's; once the profile was taken, both are the same. */
async function checkOverlays(workspace: string, { profile, folder }: Pick<Papers, 'profile' | 'folder'>): Promise<void> {
  const published = join(folder, 'workspace', 'overlays');
  for (const name of await readdir(published).catch(() => [])) {
    const own = await describeTree(join(workspace, 'overlays', name));
    if (own.length === 0 || isDeepStrictEqual(own, await describeTree(join(published, name)))) continue;
    throw new Failure(`Cannot take the profile "${profile}": overlays/${name} is here already, and is another`, {
      hint: 'Rename it, and what uses it',
      exitCode: EXIT.usage,
    });
  }
}

async function describeTree(root: string): Promise<string[]> {
  const entries = (await readTree(root)).filter(({ kind }) => kind !== 'folder');
  return Promise.all(entries.map(async ({ path, target }) => `${path} ${target ?? (await hashFile(join(root, path)))}`)).then((lines) =>
    lines.sort(),
  );
}

/** Whoever holds the web server can serve what was signed a year ago, and everybody knows its holes. */
async function checkAge(workspace: string, { profile, folder }: Papers): Promise<void> {
  const own = await readLock(workspace, profile).catch(() => undefined);
  const published = await readLock(join(folder, 'workspace'), profile);
  if (!own || !published || own.epoch <= published.epoch) return;
  const [before, after] = [own, published].map(({ epoch }) => new Date(epoch * 1000).toISOString().slice(0, 10));
  throw new Failure(`Cannot take the profile "${profile}": the release has the packages of ${after}, and those that are here are of ${before}`, {
    hint: `Ask its publisher by another way than this site; if it is meant so, remove profiles/${profile}.lock and run this again`,
  });
}

/** The cache's part: what composing needs, once it is sure that it tells of this very image. */
async function keepPrefix({ folder, manifest, prefix, profile }: Papers): Promise<void> {
  const { image, extracted } = await composeTail(prefix, Buffer.alloc(REGION_BYTES), 'xz');
  if (image.sha256 !== manifest.image.sha256 || extracted.sha256 !== manifest.extracted.sha256 || prefix.profile !== profile) {
    throw new Failure(`Cannot use the profile "${profile}": its ${profile}.blocks.json is of another image`, { hint: 'Tell its publisher' });
  }
  const file = prefixFile(prefix.digest, 'xz');
  await mkdir(dirname(file), { recursive: true });
  await copyFile(join(folder, manifest.image.file), file, constants.COPYFILE_FICLONE);
  await truncate(file, prefix.xz.bytes);
  await savePrefix(prefix);
}

async function writeProfileFiles(workspace: string, { list, folder, profile }: Papers): Promise<void> {
  const published = join(folder, 'workspace');
  const overlays = join(published, 'overlays');
  if (await stat(overlays).catch(() => undefined)) await cp(overlays, join(workspace, 'overlays'), { recursive: true, verbatimSymlinks: true });
  await writeFileAtomically(lockFile(workspace, profile), await readFile(lockFile(published, profile)));
  const text = await readFile(profileFile(published, profile), 'utf8');
  await writeFileAtomically(profileFile(workspace, profile), setPublished(text, list.url));
}

function profileFile(workspace: string, profile: string): string {
  return join(workspace, 'profiles', `${profile}.yaml`);
}
