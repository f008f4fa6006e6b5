import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import { hintOf, reasonOf } from '../../kit/machine-trouble.ts';
import { IGNORED } from './starter.ts';

/**
 * Writes files of a workspace, each whole, and all or none: those that are new are taken away again when a later one can't be written.
 * @param files texts by path from the workspace.
 */
export async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const written: string[] = [];
  try {
    for (const [path, text] of files) {
      const file = join(folder, path);
      const isNew = !existsSync(file);
      await writeFileAtomically(file, text);
      if (isNew) written.push(file);
    }
  } catch (error) {
    await Promise.all(written.map((file) => rm(file, { force: true })));
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new Failure(`Cannot write into "${folder}": ${reasonOf(error)}`, { hint: hintOf(error, folder), cause: error });
  }
}

/** Whether a workspace can start in a folder: it may be a git repository that ignores other things already. @throws {Failure} where a file is in the way. */
export async function fitIntoFolder(folder: string, files: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  checkFree(folder, files.keys());
  return new Map([...files, ['.gitignore', await extendIgnored(join(folder, '.gitignore'))]]);
}

function checkFree(folder: string, paths: Iterable<string>): void {
  if (existsSync(join(folder, 'semeur.yaml'))) {
    throw new Failure(`Cannot start a workspace in "${folder}": there is one already`, {
      hint: `See how it is: semeur check --workspace ${folder}`,
      exitCode: EXIT.usage,
    });
  }
  const taken = [...paths].find((path) => path !== '.gitignore' && existsSync(join(folder, path)));
  if (taken !== undefined) {
    throw new Failure(`Cannot start a workspace in "${folder}": it has a file "${taken}" already`, {
      hint: 'Name another folder',
      exitCode: EXIT.usage,
    });
  }
}

async function extendIgnored(file: string): Promise<string> {
  const before = existsSync(file) ? await readFile(file, 'utf8') : '';
  const added = IGNORED.filter((rule) => !before.split('\n').includes(rule));
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  return `${start}${added.map((rule) => `${rule}\n`).join('')}`;
}
