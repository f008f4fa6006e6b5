import { CsvError, parse } from 'csv-parse/sync';
import type { Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import { readValue } from './read-value.ts';
import { shorten } from './rules/names.ts';
import { suggestHint } from './rules/suggest.ts';
import { type ClientFile, clientSchema } from './schema.ts';
import type { Path, Source } from './source.ts';

export interface ClientTable {
  /** One for each row, as if it were a client's file; what is wrong in it has the row's line and the column's number. */
  readonly entries: readonly Entry<ClientFile>[];
  /** What is wrong with the table itself. */
  readonly findings: readonly Finding[];
}

interface Row {
  readonly record: readonly string[];
  /** Where it begins. */
  readonly line: number;
}

const WIFI = Object.keys(clientSchema.shape.wifi.unwrap().shape);
/** Those of a client's file; below "settings", any service and key: the workspace's checks know them. */
const COLUMNS = [...Object.keys(clientSchema.shape).filter((key) => !['settings', 'wifi'].includes(key)), ...WIFI.map((key) => `wifi.${key}`)];

/**
 * Reads clients from CSV (RFC 4180; also with ";" or tabs, as spreadsheets write it). The first row names keys of a client's file, such as
 * "client", "name", "settings.website.title" or "wifi.ssid"; an empty cell says nothing, and a client without a short name gets one from its name.
 * @param file as findings name it.
 * @param defaults for what a row doesn't say.
 */
export function readClientTable(file: string, bytes: Uint8Array, defaults: Partial<ClientFile>): ClientTable {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const [header, ...rows] = readRows(text);
    if (!header)
      return { entries: [], findings: [finding(file, 1, 1, 'Expected a first row that names the columns', `Such as: ${COLUMNS.join(',')}`)] };
    const columns = header.record.map((name) => name.trim());
    return { entries: rows.map((row) => readRow(file, columns, row, defaults)), findings: checkColumns(file, header.line, columns) };
  } catch (error) {
    if (error instanceof TypeError) {
      return { entries: [], findings: [finding(file, 1, 1, 'Cannot read this file: its text is not UTF-8', 'Export it again as "CSV UTF-8"')] };
    }
    if (!(error instanceof CsvError)) throw error;
    const hint = 'Put a cell that holds the separator, a quote or a line break in quotes; write a quote in it twice';
    return {
      entries: [],
      findings: [finding(file, Number(error['lines'] ?? 1), Number(error['column'] ?? 0) + 1, 'Cannot read this row as CSV', hint)],
    };
  }
}

function readRows(text: string): Row[] {
  const options = { bom: true, delimiter: delimiterOf(text), info: true, relax_column_count: true, skip_empty_lines: true } as const;
  const read = parse(text, options) as unknown as readonly { readonly record: string[]; readonly info: { readonly lines: number } }[];
  // The parser tells where a row ends; a cell of several lines makes it begin earlier.
  const rows = read.map(({ record, info }) => ({ record, line: info.lines - record.join('').split('\n').length + 1 }));
  // Spreadsheets write an empty row as separators alone.
  return rows.filter(({ record }) => record.some((cell) => cell.trim() !== ''));
}

/** No column's name holds any of them. */
function delimiterOf(text: string): string {
  const [first = ''] = text.split('\n', 1);
  const counts = [',', ';', '\t'].map((delimiter) => [delimiter, first.split(delimiter).length] as const);
  return counts.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? ',';
}

function checkColumns(file: string, line: number, columns: readonly string[]): Finding[] {
  return columns.flatMap((name, index) => {
    if (columns.indexOf(name) < index) return [finding(file, line, index + 1, `Column "${name}" stands twice`, 'Keep one of the two')];
    if (COLUMNS.includes(name) || /^settings\.[^.]+\.[^.]+$/.test(name)) return [];
    const hint = name.startsWith('settings') ? 'Write it as "settings.SERVICE.KEY"' : suggestHint(name, COLUMNS);
    return [finding(file, line, index + 1, `Unknown column "${name}"`, hint)];
  });
}

function readRow(file: string, columns: readonly string[], { record, line }: Row, defaults: Partial<ClientFile>): Entry<ClientFile> {
  const cells = columns.flatMap((name, index) => {
    const text = record[index]?.trim() ?? '';
    return text === '' || !(COLUMNS.includes(name) || name.startsWith('settings.')) ? [] : [[name.split('.'), text] as const];
  });
  const said = cells.reduce((all, [path, text]) => withCell(all, path, asMeant(path, text)), defaults as Readonly<Record<string, unknown>>);
  const value = { ...(said['client'] === undefined ? named(shorten(String(said['name'] ?? ''))) : {}), ...said };
  const locate = (path: Path, message: string, hint?: string) => {
    const name = path.join('.');
    // A missing key, or one of a whole group, stands at the first column that speaks of it.
    const column = columns.findIndex((column) => column === name || (name !== '' && column.startsWith(`${name}.`)));
    return finding(file, line, Math.max(column, 0) + 1, name === '' ? message : `${name}: ${message}`, hint);
  };
  const tooMany =
    record.length > columns.length ? [finding(file, line, columns.length + 1, 'Found more cells than the first row has', undefined)] : [];
  const source: Source = { file: `${file}:${line}`, value, findings: tooMany, error: locate, errorAtKey: locate };
  return { name: String(value['client'] ?? ''), source, ...readValue(clientSchema, source) };
}

function named(client: string): { client?: string } {
  return client === '' ? {} : { client };
}

function asMeant(path: readonly string[], text: string): string {
  return path.join('.') === 'wifi.country' ? text.toUpperCase() : text;
}

function withCell(object: Readonly<Record<string, unknown>>, [key = '', ...rest]: readonly string[], text: string): Record<string, unknown> {
  const inside = object[key];
  const below = typeof inside === 'object' && inside !== null ? (inside as Record<string, unknown>) : {};
  return { ...object, [key]: rest.length === 0 ? text : withCell(below, rest, text) };
}

function finding(file: string, line: number, column: number, message: string, hint?: string): Finding {
  return { file, line, column, level: 'error', message, ...(hint === undefined ? {} : { hint }) };
}
