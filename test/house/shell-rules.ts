import type { SourceFile } from './source-files.ts';

/** A file that others read with "." says so in the comment it begins with ("Sourced by the steps"); it only defines, so it needs no main. */
export function isSourced({ text }: SourceFile): boolean {
  return !text.startsWith('#!') && /^(?:#.*\n)*#.*\bSourced by\b/.test(text);
}

/**
 * A program that is cut short while it is copied or downloaded must do nothing: all of it is in main, which the last line calls.
 * @returns what is wrong with the form of each shell program.
 */
export function findBadShell(files: readonly SourceFile[]): string[] {
  return files.filter((file) => !isSourced(file)).flatMap((file) => wrongForm(file.text).map((wrong) => `${file.path}: ${wrong}`));
}

function wrongForm(text: string): string[] {
  const lines = text.split('\n');
  const wrong: string[] = [];
  if (lines[0] !== '#!/bin/sh') wrong.push('the first line is not #!/bin/sh');
  if (lines.find((line) => line !== '' && !line.startsWith('#')) !== 'set -eu') wrong.push('the first command is not set -eu');
  if (!text.endsWith('\nmain "$@"\n')) wrong.push('the last line is not main "$@"');
  return wrong;
}
