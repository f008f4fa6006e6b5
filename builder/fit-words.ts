import { wrapAnsi } from 'fast-wrap-ansi';

/** Where lines go, and how wide it is; what is no terminal has no columns. */
export type Width = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/**
 * Breaks lines between words where a terminal would break them anywhere, each as far in as it began; longer words stay whole.
 * A command to be copied stays one line, and what is no terminal gets everything as it is.
 * @param taken columns that something else needs.
 */
export function fitWords(text: string, { isTTY, columns }: Partial<Width>, taken = 0): string {
  if (!isTTY || !columns) return text;
  return text
    .split('\n')
    .map((line) => fitLine(line, columns - taken))
    .join('\n');
}

function fitLine(line: string, columns: number): string {
  if (/^\s*(?:sudo )?semeur |\bas root: /i.test(line)) return line;
  const [indent = ''] = /^\s*(?:(?:[-→·>?✔]|\d+\.) +)?/u.exec(line) ?? [];
  const width = columns - indent.length;
  if (width < 16) return line;
  const lines = wrapAnsi(line.slice(indent.length), width, { hard: false, trim: true }).split('\n');
  return lines.map((part, index) => (index === 0 ? indent : ' '.repeat(indent.length)) + part).join('\n');
}
