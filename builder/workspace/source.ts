import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Finding } from './finding.ts';

/** The way to a value: keys and list indexes. */
export type Path = readonly PropertyKey[];

/** A YAML file, and where everything stands in it. */
export interface Source {
  /** Relative to the workspace. */
  readonly file: string;
  /** Undefined when the text is no YAML. */
  readonly value: unknown;
  /** What is wrong with the text as YAML. */
  readonly findings: readonly Finding[];
  /** An error at the value that `path` leads to, or at the nearest thing above it. */
  error(path: Path, message: string, hint?: string): Finding;
  /** An error at the last key of `path`. */
  errorAtKey(path: Path, message: string, hint?: string): Finding;
}

/** Reads YAML 1.2. Whatever the bytes, it gives findings and never throws. */
export function parseSource(file: string, bytes: Uint8Array): Source {
  const lines = new LineCounter();
  let document: Document | undefined;
  const errorAt = (offset: number, message: string, hint?: string): Finding => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), level: 'error', message, ...(hint === undefined ? {} : { hint }) };
  };
  const located = {
    file,
    error: (path: Path, message: string, hint?: string) => errorAt(findOffset(document, path, 'value'), message, hint),
    errorAtKey: (path: Path, message: string, hint?: string) => errorAt(findOffset(document, path, 'key'), message, hint),
  };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    markLines(lines, text);
    const parsed = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
    document = parsed;
    const findings = [...parsed.errors, ...parsed.warnings].map(({ code, message, pos }) =>
      errorAt(pos[0], describeYaml(code, message), hintYaml(code)),
    );
    // A key that stands twice leaves the rest readable; after anything else, what follows may be nonsense.
    const readable = parsed.errors.every(({ code }) => code === 'DUPLICATE_KEY');
    return { ...located, value: readable ? parsed.toJS() : undefined, findings };
  } catch (error) {
    return { ...located, value: undefined, findings: [errorAt(0, describeThrown(error))] };
  }
}

const TOO_DEEP = 'Cannot read this as YAML: it is nested too deep';

/** The parser marks lines as it goes, and skips some after an error. */
function markLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
}

function describeYaml(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'This key stands twice';
  if (code === 'MULTIPLE_DOCS') return 'Expected one document, found another after "---"';
  if (/call stack/.test(message)) return TOO_DEEP;
  return `Cannot read this as YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function hintYaml(code: string): string | undefined {
  if (code === 'DUPLICATE_KEY') return 'Keep one of the two';
  if (code === 'TAB_AS_INDENT') return 'Indent with spaces';
  if (['BAD_SCALAR_START', 'BLOCK_AS_IMPLICIT_KEY', 'UNEXPECTED_TOKEN'].includes(code))
    return 'A text that holds signs such as ":" or "@" needs quotes';
  return undefined;
}

function describeThrown(error: unknown): string {
  if (error instanceof TypeError) return 'Cannot read this file: its text is not UTF-8';
  if (error instanceof RangeError) return TOO_DEEP;
  return 'Cannot read this as YAML: its aliases cannot be followed';
}

function findOffset(document: Document | undefined, path: Path, part: 'key' | 'value'): number {
  let node: unknown = document?.contents;
  let offset = offsetOf(node) ?? 0;
  path.forEach((segment, index) => {
    if (isAlias(node) && document) node = node.resolve(document);
    const { key, value } = step(node, segment);
    const wanted = part === 'key' && index === path.length - 1 ? offsetOf(key) : (offsetOf(value) ?? offsetOf(key));
    offset = wanted ?? offset;
    node = value;
  });
  return offset;
}

function step(node: unknown, segment: PropertyKey): { key?: unknown; value?: unknown } {
  if (isSeq(node)) return { value: node.items[Number(segment)] };
  if (!isMap(node)) return {};
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
  return pair ? { key: pair.key, value: pair.value } : {};
}

/** Where a node stands; an empty value stands nowhere. */
function offsetOf(node: unknown): number | undefined {
  const { range } = (node ?? {}) as Partial<Node>;
  const empty = isScalar(node) && node.value === null && range?.[0] === range?.[1];
  return empty ? undefined : range?.[0];
}
