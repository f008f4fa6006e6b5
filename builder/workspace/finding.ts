/** Something in the workspace that must, or should, be put right. */
export interface Finding {
  /** Relative to the workspace, with "/". */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly level: 'error' | 'warning';
  readonly message: string;
  readonly hint?: string | undefined;
}

/** In the order in which one reads files. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.message, b.message));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** For people and editors: "file:line:column: error: message", and what to do about it. */
export function formatFinding({ file, line, column, level, message, hint }: Finding): string {
  const text = `${file}:${line}:${column}: ${level}: ${message}`;
  return hint === undefined ? text : `${text}\n  → ${hint}`;
}
