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
  // A command goes on in the next line where a quoted text of it does.
  let isQuoted = false;
  const lines = text.split('\n').map((line) => {
    const isCommand = isQuoted || COMMAND.test(line);
    isQuoted = isCommand && isQuoted !== (line.replaceAll("\\'", '').split("'").length % 2 === 0);
    return isCommand ? line : fitLine(line, columns - taken);
  });
  return lines.join('\n');
}

const COMMAND = /^\s*(?:sudo )?semeur |\bas root: /i;

function fitLine(line: string, columns: number): string {
  const [indent = ''] = /^\s*(?:(?:[-→·>?✔]|\d+\.) +)?/u.exec(line) ?? [];
  const width = columns - indent.length;
  if (width < 16) return line;
  const lines = wrapAnsi(line.slice(indent.length), width, { hard: false, trim: true }).split('\n');
  return lines.map((part, index) => (index === 0 ? indent : ' '.repeat(indent.length)) + part).join('\n');
}
