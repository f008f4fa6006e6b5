import type { Session } from '../../kit/session.ts';
import { overlaysOf, settingsFiles } from '../profile/contents.ts';
import { renderAllowedSigners } from '../profile/profile-files.ts';
import { findProfile } from '../workspace/find-named.ts';
import type { LoadedWorkspace } from '../workspace/loaded.ts';
import { readSeedKey } from '../workspace/secrets.ts';
import { type Verification, verifyFile } from './verify-file.ts';

/** Checks images and seeds as this workspace makes them: signed by its key, with no more than its profiles take. @throws {Failure} at the first that is not so. */
export async function verifyFiles(session: Session, workspace: LoadedWorkspace, files: readonly string[], now: Date): Promise<Verification[]> {
  const allowedSigners = renderAllowedSigners(await readSeedKey(workspace.folder));
  const settingsOf = (profile: string) => settingsFiles(overlaysOf(workspace, findProfile(workspace, profile))).map(({ path }) => path);
  const verified: Verification[] = [];
  for (const file of files) {
    verified.push(
      await session.progress.step(`Verifying "${file}"`, () => verifyFile(file, { allowedSigners, settingsOf, signal: session.signal, now })),
    );
  }
  return verified;
}
