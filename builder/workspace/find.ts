import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Session } from '../../kit/session.ts';

/**
 * The workspace folder: --workspace, else the nearest one with a semeur.yaml, from `from` upwards.
 * @throws {Failure} when there is none.
 */
export function findWorkspace({ workspace }: Pick<Session, 'workspace'>, from = process.cwd()): string {
  if (workspace !== undefined) {
    const folder = resolve(workspace);
    if (isWorkspace(folder)) return folder;
    throw new Failure(`Cannot open the workspace "${workspace}": there is no semeur.yaml in it`, {
      hint: `Start one: semeur init ${workspace}`,
      exitCode: EXIT.usage,
    });
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (isWorkspace(folder)) return folder;
    if (folder === dirname(folder)) break;
  }
  throw new Failure('Cannot find a workspace: there is no semeur.yaml here or above', {
    hint: 'Name one with --workspace DIR, or start one: semeur init DIR',
    exitCode: EXIT.usage,
  });
}

/** The same where one can be done without: undefined when there is none here or above. @throws {Failure} when the one that is named isn't there. */
export function findAnyWorkspace({ workspace }: Pick<Session, 'workspace'>): string | undefined {
  try {
    return findWorkspace({ workspace });
  } catch (error) {
    if (workspace !== undefined) throw error;
    return undefined;
  }
}

export function isWorkspace(folder: string): boolean {
  return existsSync(join(folder, 'semeur.yaml'));
}
