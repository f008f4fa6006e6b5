import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { list } from 'tar';
import { runCommand } from '../../../kit/command.ts';
import { Failure } from '../../../kit/failure.ts';
import type { Session } from '../../../kit/session.ts';
import { platformOf } from '../../platform/platforms.ts';
import { overlaysOf } from '../../profile/contents.ts';
import type { ProfileLock } from '../../profile/lock.ts';
import type { Stages } from '../../profile/stages.ts';
import type { LoadedWorkspace } from '../../workspace/load.ts';
import type { Profile } from '../../workspace/schema.ts';
import { readBuildTools } from './build-tools.ts';
import { readCardContents } from './card-contents.ts';
import { findUnfree } from './find-unfree.ts';
import { readLaidOverlays } from './laid-overlays.ts';
import { readLockedOrigins } from './package-origins.ts';
import { type NamedDigest, renderProvenance } from './provenance.ts';
import { renderSbom } from './sbom.ts';

const CHECKOUT = join(import.meta.dirname, '../../..');

export interface Software {
  /** NAME.cdx.json */
  readonly sbom: string;
  /** What is not free, and why it is there all the same. */
  readonly exceptions: readonly string[];
}

/**
 * What is on the card, read from its own package database.
 * @throws {Failure} that names every package which is no free software and no known exception.
 */
export async function describeSoftware(
  workspace: LoadedWorkspace,
  profile: Profile,
  { prefixDigest, lock, stages }: { readonly prefixDigest: string; readonly lock: ProfileLock; readonly stages: Stages },
): Promise<Software> {
  const card = await readCardContents(stages.system.folder);
  const origins = await readLockedOrigins(lock, card.packages);
  const { unfree, exceptions } = findUnfree({ profile: profile.profile, packages: card.packages, origins, fromImage: lock.image !== undefined });
  if (unfree.length > 0) {
    throw new Failure(`Cannot release the profile "${profile.profile}":\n${unfree.map(({ message }) => `  ${message}`).join('\n')}`, {
      hint: unfree[0]?.hint ?? '',
    });
  }
  const overlays = await readLaidOverlays(overlaysOf(workspace, profile), CHECKOUT);
  const { architecture } = platformOf(profile.base);
  const facts = { profile: profile.profile, architecture: architecture.name, prefixDigest, card, overlays, lock };
  const sbom = renderSbom({ ...facts, tools: await readBuildTools(CHECKOUT) });
  return { sbom, exceptions: exceptions.map(({ name, version, reason }) => `${name} ${version}: ${reason}`) };
}

/** What the files were made from. @param workspaceTar the file of that name, which holds the operator's files. */
export async function describeOrigin(
  { progress }: Pick<Session, 'progress'>,
  workspace: LoadedWorkspace,
  { profile, lock, subjects, workspaceTar }: { profile: string; lock: ProfileLock; subjects: readonly NamedDigest[]; workspaceTar: string },
): Promise<string> {
  const { version } = await readBuildTools(CHECKOUT);
  const commits = { semeur: await readCommit(CHECKOUT), workspace: await readCommit(workspace.folder) };
  if (commits.semeur === undefined) {
    progress.warn('The release does not say which Semeur made it: its folder is no checkout of git, or has changes that no commit has');
  }
  return renderProvenance({ subjects, profile, version, lock, commits, workspaceFiles: await hashEntries(workspaceTar) });
}

/** @returns undefined where the folder is no checkout of its own, or no commit has what is in it. */
async function readCommit(folder: string): Promise<string | undefined> {
  const git = async (...args: string[]) => String(await runCommand(['git', '-C', folder, ...args])).trim();
  try {
    const [top, status] = [await git('rev-parse', '--show-prefix'), await git('status', '--porcelain', '--untracked-files=no', '.')];
    return top === '' && status === '' ? await git('rev-parse', 'HEAD') : undefined;
  } catch {
    return undefined;
  }
}

async function hashEntries(tar: string): Promise<NamedDigest[]> {
  const found: NamedDigest[] = [];
  await list({
    file: tar,
    onReadEntry(entry) {
      const hash = createHash('sha256');
      entry.on('data', (chunk) => hash.update(chunk));
      entry.on('end', () => entry.type === 'File' && found.push({ name: entry.path, sha256: hash.digest('hex') }));
    },
  });
  return found;
}
