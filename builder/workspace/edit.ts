import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { renderText } from './render-text.ts';

/** One value of a YAML file: undefined takes it out, "add" is one more of a list. */
export interface Change {
  readonly path: readonly string[];
  readonly value?: string | undefined;
  readonly add?: string;
}

/**
 * Changes a YAML file as its writer would: the lines concerned, and no other byte. Where that can't be done by lines, the whole is
 * written anew from the parsed document, which keeps comments and order, but not every space.
 */
export function editYaml(text: string, changes: readonly Change[]): string {
  return changes.reduce(applyChange, text);
}

function applyChange(text: string, change: Change): string {
  const document = parseDocument(text);
  const wanted = document.clone();
  changeDocument(wanted, change);
  const spliced = splice(text, document, change);
  const isRight = spliced !== undefined && isDeepStrictEqual(readBack(spliced), wanted.toJS());
  return isRight ? spliced : wanted.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) });
}

function readBack(text: string): unknown {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : document.toJS();
}

function changeDocument(document: Document, { path, value, add }: Change): void {
  if (add !== undefined && isSeq(document.getIn(path))) document.addIn(path, add);
  else if (add !== undefined) document.setIn(path, document.createNode([add]));
  else if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
}

/** @returns undefined where a way by lines is not known. */
function splice(text: string, document: Document, { path, value, add }: Change): string | undefined {
  const there = document.getIn(path, true);
  if (add !== undefined) return isSeq(there) ? addToList(text, there, add) : undefined;
  if (value === undefined) return document.hasIn(path) ? removeLines(text, document, path) : text;
  if (isScalar(there)) return replaceScalar(text, there, value, indentOf(text, document, path));
  return insertLines(text, document, path, value);
}

function addToList(text: string, list: YAMLSeq, value: string): string | undefined {
  const last = list.items.at(-1);
  const range = isScalar(last) ? last.range : undefined;
  if (list.items.length === 0 && list.range) return `${text.slice(0, list.range[0])}[${renderText(value)}]${text.slice(list.range[1])}`;
  if (!range) return undefined;
  if (list.flow) return `${text.slice(0, range[1])}, ${renderText(value)}${text.slice(range[1])}`;
  const dash = text.slice(startOfLine(text, range[0]), range[0]);
  const end = endOfLine(text, range[1]);
  return `${text.slice(0, end)}${dash}${renderText(value)}\n${text.slice(end)}`;
}

function replaceScalar(text: string, { range, type }: Scalar, value: string, indent: string): string | undefined {
  if (!range || range[0] === range[1]) return undefined;
  const isBlock = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
  return `${text.slice(0, range[0])}${renderText(value, indent)}${isBlock ? '\n' : ''}${text.slice(range[1])}`;
}

/** A new key goes below the last line of the nearest map around it, with the maps that it needs. */
function insertLines(text: string, document: Document, path: readonly string[], value: string): string | undefined {
  const depth = path.findLastIndex((_, index) => isMap(index === 0 ? document.contents : document.getIn(path.slice(0, index), true)));
  const map = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
  const indent = isMap(map) && !map.flow ? indentOfMap(text, map) : undefined;
  if (!isMap(map) || indent === undefined) return undefined;
  const keys = path.slice(depth);
  const lines = keys.map((key, level) => {
    const own = indent + '  '.repeat(level);
    return `${own}${renderText(key)}:${level < keys.length - 1 ? '' : ` ${renderText(value, own)}`}\n`;
  });
  const end = endOfPair(text, map.items.at(-1));
  const before = text.slice(0, end);
  return `${before}${before.endsWith('\n') ? '' : '\n'}${lines.join('')}${text.slice(end)}`;
}

function removeLines(text: string, document: Document, path: readonly string[]): string | undefined {
  const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(map) || map.flow || map.items.length < 2) return undefined;
  const pair = findPair(map, path.at(-1));
  if (!isScalar(pair?.key) || !pair.key.range) return undefined;
  return text.slice(0, startOfLine(text, pair.key.range[0])) + text.slice(endOfPair(text, pair));
}

function findPair(map: YAMLMap, key: string | undefined): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Behind the line on which a pair ends, a comment at its end included. */
function endOfPair(text: string, pair: Pair | undefined): number {
  const range = (pair?.value as Partial<Scalar> | null)?.range ?? (pair?.key as Partial<Scalar> | undefined)?.range;
  return endOfLine(text, range?.[1] ?? text.length);
}

function endOfLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
}

function indentOf(text: string, document: Document, path: readonly string[]): string {
  const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  return (isMap(map) && indentOfMap(text, map)) || '';
}

function indentOfMap(text: string, map: YAMLMap): string | undefined {
  const key = map.items[0]?.key;
  if (!isScalar(key) || !key.range) return undefined;
  const before = text.slice(startOfLine(text, key.range[0]), key.range[0]);
  return /^ *$/.test(before) ? before : undefined;
}

function startOfLine(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}
