import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCheckout } from '../../builder/house/checkout.ts';
import { runCommand } from '../../kit/command.ts';

export interface SourceFile {
  /** From the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What git tracks or would track; without git (a release tarball), all but what is made. */
export async function readSourceFiles(): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const path of await listPaths()) {
    const text = await readFile(join(findCheckout(), path), 'utf8').catch(() => undefined);
    // Removed from the disk but not yet from git, or a link to a folder.
    if (text !== undefined) files.push({ path, text });
  }
  return files;
}

async function listPaths(): Promise<string[]> {
  const cwd = findCheckout();
  const git = ['git', '-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const find = ['find', '.', '(', '-name', 'node_modules', '-o', '-name', 'out', '-o', '-name', '.git', ')', '-prune', '-o', '-type', 'f', '-print0'];
  const output = await runCommand(git, { cwd }).catch(() => runCommand(find, { cwd }));
  const paths = output.toString('utf8').split('\0').filter(Boolean);
  return [...new Set(paths.map((path) => path.replace(/^\.\//, '')))].sort();
}

/** Known by their first line: firstboot/ and overlays/ hold programs without a suffix. */
export function isShell({ path, text }: SourceFile): boolean {
  return path.endsWith('.sh') || /^#!.*\b(?:sh|bash|dash)\b/.test(text);
}

export function isTypeScript({ path }: SourceFile): boolean {
  return path.endsWith('.ts');
}
