import { stringify } from 'yaml';

/** A text as a YAML value, after its key: on one line, or as a block of lines below. @param indent of its key. */
export function renderText(text: string, indent = ''): string {
  if (!text.includes('\n')) return stringify(text, { lineWidth: 0 }).trimEnd();
  const body = text.replace(/\n$/, '');
  // What a block can't say plainly is one line of quotes: YAML reads JSON's texts.
  if (body === '' || body.endsWith('\n') || /^\n*[ \t]|[^\P{Cc}\t\n]/u.test(body)) return JSON.stringify(text);
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${indent}  ${line}`));
  return [text.endsWith('\n') ? '|' : '|-', ...lines].join('\n');
}
