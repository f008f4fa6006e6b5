/** Both ends included, as HTTP counts. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface RangeHeaders {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | undefined;
}

/**
 * Which part of a file a GET asks for (RFC 9110, sections 13.1.5 and 14.2): one range of bytes. What isn't that, several ranges too, gets the
 * whole file, as the standard allows; so does who has another version of it. @param etag strong, with its quotes.
 */
export function chooseRange(headers: RangeHeaders, etag: string, bytes: number): ByteRange | 'whole' | 'unsatisfiable' {
  const { range, 'if-range': ifRange } = headers;
  const [, from, to] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(range ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return 'whole';
  // A date is none of ours: files have no date here.
  if (ifRange !== undefined && ifRange.trim() !== etag) return 'whole';
  if (from === '') {
    const length = Math.min(Number(to), bytes);
    return length === 0 ? 'unsatisfiable' : { first: bytes - length, last: bytes - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return 'whole';
  return first >= bytes ? 'unsatisfiable' : { first, last: to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1) };
}
