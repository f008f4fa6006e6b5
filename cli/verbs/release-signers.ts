import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PUBLIC_KEY } from '../../builder/release/folder/sign.ts';
import { readSigners, releaseKeyFile } from '../../builder/release/folder/signers.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';

/** The option of verbs that check a release. */
export const SIGNERS = [
  '--signers <file>',
  'whose releases count: the .pub of a release key, or an allowed_signers file (default: release.pub of the workspace, or its own release key)',
] as const;

/**
 * @returns content of an allowed_signers file.
 * @throws {Failure} when no key is named, and the workspace has none: without one, nothing can be checked.
 */
export async function readTrusted(session: Session, signers: string | undefined): Promise<string> {
  for (const file of signers === undefined ? defaultFiles(session) : [signers]) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return readSigners(text, file);
  }
  throw new Failure(`Cannot check a release without a key${signers === undefined ? '' : `: there is no "${signers}"`}`, {
    hint: 'Name the public key that its publisher gave you by another way than the release itself: --signers FILE',
    exitCode: EXIT.usage,
  });
}

function defaultFiles(session: Session): string[] {
  try {
    const folder = findWorkspace(session);
    return [join(folder, PUBLIC_KEY), `${releaseKeyFile(folder)}.pub`];
  } catch {
    return [];
  }
}
