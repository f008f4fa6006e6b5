/** The last part of a command's help: what people type. For Command.addHelpText(). */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');
}
