import { readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EXIT, Failure } from '../../../kit/failure.ts';
import type { Session } from '../../../kit/session.ts';
import { ensureDebs } from '../../debian/ensure-debs.ts';
import { type ProfileLock, readLock } from '../../profile/lock.ts';
import { ensureSoundProfile } from '../../profile/publish.ts';
import { ensureStages, type Stages } from '../../profile/stages.ts';
import { checkPlatform } from '../../sandbox/sandbox.ts';
import { requireTrial } from '../../try/needs.ts';
import { findProfile } from '../../workspace/find-named.ts';
import type { LoadedWorkspace } from '../../workspace/load.ts';
import { readReleasedLock } from '../comparing/compare-releases.ts';
import { nameRelease, type ReleaseFacts } from '../folder/release-index.ts';
import { signRelease } from '../folder/sign.ts';
import { listFiles, parseSums, SUMS } from '../folder/sums.ts';
import { debsToRead, findClosedCves } from '../notes/closed-cves.ts';
import { compareLocks } from '../notes/lock-changes.ts';
import { renderNotes } from '../notes/notes.ts';
import { describeSoftware } from '../software/papers.ts';
import { findProfileName } from '../taking/verify-release.ts';
import { type AskHome, tryBoot } from './boot-trial.ts';
import { type WriteOptions, writeRelease } from './write-release.ts';

export interface ReleaseOptions extends WriteOptions {
  /** The release's own folder: made, or replaced where it holds a release. */
  readonly out: string;
  /** The release before this one, for the notes. */
  readonly previous?: string | undefined;
  /** The key that signs; undefined: `release sign` comes later, perhaps elsewhere. */
  readonly keyFile: string | undefined;
  /** Boots its card until home says that this is well, asked so; undefined: it is not booted. */
  readonly boot: AskHome | undefined;
  /** Take the newest packages, and renew the lock. */
  readonly update: boolean;
}

export interface Release {
  readonly folder: string;
  readonly release: string;
  readonly facts: ReleaseFacts;
  /** Fingerprint of the key that signed; null: nobody has yet. */
  readonly signer: string | null;
}

/**
 * Builds a profile from its lock, boots it, and writes the folder that is published. The folder is there whole or not at all.
 * @throws {Failure} when any of it fails.
 */
export async function makeRelease(session: Session, workspace: LoadedWorkspace, name: string, options: ReleaseOptions): Promise<Release> {
  const profile = findProfile(workspace, name);
  if (profile.published !== undefined) {
    throw new Failure(`Cannot release the profile "${name}": it was published by others, at ${profile.published}`, { exitCode: EXIT.usage });
  }
  checkPlatform();
  await checkFolder(options.out);
  if (options.boot) await requireTrial(session);
  // Before the hour that the rest may take.
  const before = options.previous === undefined ? undefined : await readReleasedLock(join(options.previous, `${name}.lock`));
  const built = await ensureSoundProfile(session, workspace, name, { update: options.update });
  const lock = await readLock(workspace.folder, name);
  if (!lock) throw new Error(`the profile "${name}" was built and has no lock`);
  // The lock pins them by now, and the cache has them all.
  const stages = await ensureStages(session, workspace, profile, {});
  const { sbom, exceptions } = await session.progress.step('Listing the software on it', () =>
    describeSoftware(workspace, profile, { prefixDigest: built.prefix.digest, lock, stages }),
  );
  const notes = await makeNotes(session, { profile: name, lock, before, stages });
  // The cache may have let go of what the image was made of long ago.
  if (options.withPool)
    await ensureDebs(
      session,
      [lock.toolbox, lock.base, lock.added].flatMap(({ debs }) => debs),
      stages.places,
      lock,
    );
  const papers = new Map([
    ['NOTES.md', `${notes}\n## Not free software\n\n${exceptions.map((line) => `- ${line}`).join('\n') || 'Nothing.'}\n`],
    [`${name}.cdx.json`, sbom],
  ]);
  const boot = options.boot && (await tryBoot(session, workspace, profile, options.boot));
  const folder = `${options.out}.part-${process.pid}`;
  const making = { folder, workspace, profile, built, lock, boot, papers };
  try {
    const facts = await session.progress.step('Writing the release', () => writeRelease(session, making, options));
    const signer = options.keyFile === undefined ? null : await signRelease(folder, options.keyFile, session.signal);
    await replaceFolder(options.out, folder);
    return { folder: options.out, release: nameRelease(facts), facts, signer };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeNotes(
  session: Session,
  { profile, lock, before, stages }: { profile: string; lock: ProfileLock; before: ProfileLock | undefined; stages: Stages },
): Promise<string> {
  if (before === undefined) return renderNotes({ profile, lock });
  const changes = compareLocks(before, lock);
  await ensureDebs(session, [changes.card, changes.toolbox].flatMap(debsToRead), stages.places, lock);
  return renderNotes({ profile, lock, since: { changes, closed: await findClosedCves(session, stages.toolbox, lock, changes) } });
}

/** @throws {Failure} when something else is there, which nobody wants to lose. */
async function checkFolder(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (!found || (await holdsRelease(out))) return;
  throw new Failure(`Cannot write a release to "${out}": it exists, and is no release, or has more in it`, {
    hint: 'Name a new folder',
    exitCode: EXIT.usage,
  });
}

/** SHA256SUMS alone is beside many a download: a release's list names all that is there. */
async function holdsRelease(folder: string): Promise<boolean> {
  try {
    const sums = parseSums(await readFile(join(folder, SUMS), 'latin1'));
    const named = new Set(sums.map(({ path }) => path));
    return named.has(`${findProfileName(sums)}.blocks.json`) && (await listFiles(folder)).every((path) => named.has(path));
  } catch {
    return false;
  }
}

async function replaceFolder(out: string, made: string): Promise<void> {
  const old = join(dirname(out), `.${basename(out)}.old-${process.pid}`);
  const existed = await rename(out, old).then(
    () => true,
    () => false,
  );
  try {
    await rename(made, out);
  } catch (error) {
    if (existed) await rename(old, out);
    throw error;
  }
  if (existed) await rm(old, { recursive: true, force: true });
}
