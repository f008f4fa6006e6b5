import { Header } from 'tar';

/** Everything in a tar begins at a multiple of it. */
const BLOCK = 512;

/** Whether ustar has room for a name, and may hold it; what else there is goes into a pax record, which says in what letters it is. */
export function fitsUstar(text: string): boolean {
  return text.length < 100 && /^[\x20-\x7e]*$/.test(text);
}

/** What stands in ustar's header where a pax record says the whole. */
export function shorten(text: string): string {
  return fitsUstar(text) ? text : text.replace(/[^\x20-\x7e]/g, '_').slice(0, 99);
}

/** An extended header, which says more of the entry that follows it; nothing where there is nothing to say. Source: pax(1), Extended Header. */
export function renderPax(records: readonly (readonly [string, string | Buffer])[]): Buffer[] {
  if (records.length === 0) return [];
  const body = Buffer.concat(records.map(([key, value]) => renderRecord(key, value)));
  const header = Buffer.alloc(BLOCK);
  new Header({ path: 'pax', type: 'ExtendedHeader', size: body.length, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) }).encode(header);
  return [header, body, padding(body.length)];
}

/** Zeros up to the next entry. @param bytes of content before. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
}

/** "LENGTH key=value\n", its length counting its own digits. */
function renderRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
