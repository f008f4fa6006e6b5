import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCheckout } from '../../builder/house/checkout.ts';

/** Lines of a document that somebody types into a shell. */
export interface Block {
  readonly document: string;
  /** Where it begins, such as "docs/home.md:32". */
  readonly place: string;
  readonly script: string;
  /** Why no test runs it, from the line "<!-- not run: … -->" before it. */
  readonly mark: string | undefined;
}

/** Words with which the first line of an indented block of commands begins; other indented blocks are files, or what programs say. */
const PROGRAMS =
  /^(sudo )?(\.\/semeur|semeur|apt-get|cat|chmod|chown|cp|curl|cut|git|install|journalctl|ln|mkdir|openssl|promtool|restic|rm|rsync|sh|sha256sum|sqlite3|ssh|ssh-keygen|systemctl|tar|umask|wg|wg-quick|xz)( |$)/;
const MARK = /^\s*<!-- not run: (.+) -->$/;

/** README.md and all of docs/. */
export async function listDocuments(): Promise<string[]> {
  const names = await readdir(join(findCheckout(), 'docs'), { recursive: true });
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].sort();
}

export async function readBlocks(document: string): Promise<Block[]> {
  return findBlocks(document, await readFile(join(findCheckout(), document), 'utf8'));
}

/** Fenced with "```sh", or indented where it begins with a program's name. */
export function findBlocks(document: string, text: string): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const isFenced = /^\s*```/.test(lines[at] ?? '');
    const isIndented = !isFenced && /^ {4,}\S/.test(lines[at] ?? '') && (at === 0 || lines[at - 1]?.trim() === '');
    if (!isFenced && !isIndented) continue;
    const first = isFenced ? at + 1 : at;
    let end = first;
    while (end < lines.length && (isFenced ? !/^\s*```/.test(lines[end] ?? '') : /^ {4,}/.test(lines[end] ?? ''))) end++;
    const content = lines.slice(first, end).map((line) => line.replace(isFenced ? /^/ : /^ +/, ''));
    const isShell = isFenced ? /^\s*```sh$/.test(lines[at] ?? '') : PROGRAMS.test(content[0] ?? '');
    const [, mark] = MARK.exec(lines.slice(0, at).findLast((line) => line.trim() !== '') ?? '') ?? [];
    if (isShell) blocks.push({ document, place: `${document}:${first + 1}`, script: content.join('\n'), mark });
    at = isFenced ? end : end - 1;
  }
  return blocks;
}

/** What stands between backquotes in the prose and begins with "semeur". */
export function findSpans(text: string): string[] {
  return [...text.matchAll(/`(?:sudo )?(?:\.\/)?(semeur [a-z][^`\n]*)`/g)].map(([, span = '']) => span);
}
