import type { XzRecord } from './prefix.ts';
import {
  isXzHeader,
  padToFour,
  parseBlockHeader,
  parseFooter,
  parseIndex,
  payloadBytes,
  renderBlockHeader,
  XZ_FOOTER_BYTES,
  XZ_HEADER_BYTES,
  XzFormatError,
} from './xz-format.ts';

/**
 * Cuts the one block out of a standalone `xz --check=crc32` stream, and gives it a header that states its sizes.
 * @param uncompressed the size it must have.
 * @throws {XzFormatError} when the stream is damaged, cut short, or of another form.
 */
export function cutXzBlock(stream: Buffer, uncompressed: number): { block: Buffer; record: XzRecord } {
  const found = onlyRecord(stream);
  if (found.uncompressed !== uncompressed) throw new XzFormatError(`the block holds ${found.uncompressed} bytes instead of ${uncompressed}`);
  const old = stream.subarray(XZ_HEADER_BYTES, XZ_HEADER_BYTES + found.unpadded + (-found.unpadded & 3));
  const { headerBytes, filters } = parseBlockHeader(old);
  const payload = old.subarray(headerBytes, headerBytes + payloadBytes(found, headerBytes));
  const header = renderBlockHeader(payload.length, uncompressed, filters);
  // Headers are multiples of 4, so the padding stays what it was, and stands before the check.
  const block = Buffer.concat([header, padToFour(payload), old.subarray(-4)]);
  return { block, record: { unpadded: header.length + payload.length + 4, uncompressed } };
}

function onlyRecord(stream: Buffer): XzRecord {
  if (!isXzHeader(stream)) throw new XzFormatError('it does not begin as "xz --check=crc32" streams do');
  const footerAt = stream.length - XZ_FOOTER_BYTES;
  const indexBytes = parseFooter(stream.subarray(footerAt));
  const records = parseIndex(stream.subarray(footerAt - indexBytes, footerAt));
  const [record] = records;
  if (!record || records.length !== 1) throw new XzFormatError(`it has ${records.length} blocks instead of one`);
  if (XZ_HEADER_BYTES + record.unpadded + (-record.unpadded & 3) + indexBytes + XZ_FOOTER_BYTES !== stream.length) {
    throw new XzFormatError('its size is not what its index says');
  }
  return record;
}
