import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Fields by name in small letters: case doesn't count. A value's further lines follow it, without what indents them. */
export type Stanza = ReadonlyMap<string, string>;

/** The stanzas of a file of dpkg's or apt's, one after the other: a list of packages has 60,000. @see deb822(5) */
export async function* readStanzas(file: string): AsyncGenerator<Stanza> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let held: string[] = [];
  for await (const line of lines) {
    if (line.trim() !== '') held.push(line);
    else if (held.length > 0) {
      yield parseStanza(held);
      held = [];
    }
  }
  if (held.length > 0) yield parseStanza(held);
}

/** Likewise of a text. What is no field and belongs to none is passed over: people write copyright files. */
export function parseStanzas(text: string): Stanza[] {
  return text.split(/\n(?:[ \t\r]*\n)+/).map((stanza) => parseStanza(stanza.split('\n')));
}

function parseStanza(lines: readonly string[]): Stanza {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of lines) {
    const [, name, value = ''] = /^([!-9;-~]+):(.*)$/.exec(line) ?? [];
    if (name !== undefined && !name.startsWith('#')) {
      last = name.toLowerCase();
      fields.set(last, value.trim());
    } else if (/^[ \t]/.test(line) && last !== undefined) fields.set(last, `${fields.get(last)}\n${line.trim()}`);
  }
  return fields;
}
