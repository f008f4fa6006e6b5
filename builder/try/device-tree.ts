const MAGIC = 0xd00dfeed;
const PROPERTY = 3;
const HEAD_BYTES = 40;
/** How the root node begins: its tag, and its empty name. */
const ROOT_BYTES = 8;

/**
 * Gives the root of a flattened device tree one more property, a text: what the firmware of a Pi does with its serial number.
 * @see https://devicetree-specification.readthedocs.io/en/stable/flattened-format.html
 */
export function addToDeviceTree(tree: Buffer, name: string, text: string): Buffer {
  const [magic = 0, , structAt = 0, stringsAt = 0, reservedAt = 0, , , , stringsBytes = 0, structBytes = 0] = readWords(tree);
  if (magic !== MAGIC) throw new Error('this is no device tree');
  const struct = tree.subarray(structAt, structAt + structBytes);
  const strings = tree.subarray(stringsAt, stringsAt + stringsBytes);
  const value = Buffer.from(`${text}\0`);
  const property = Buffer.concat([words(PROPERTY, value.length, strings.length), pad(value)]);
  const parts = {
    // Pairs of 64-bit numbers, the last one of zeros.
    reserved: tree.subarray(reservedAt, endOfReserved(tree, reservedAt)),
    struct: Buffer.concat([struct.subarray(0, ROOT_BYTES), property, struct.subarray(ROOT_BYTES)]),
    strings: Buffer.concat([strings, Buffer.from(`${name}\0`)]),
  };
  const structStart = HEAD_BYTES + parts.reserved.length;
  const stringsStart = structStart + parts.struct.length;
  const head = Buffer.from(tree.subarray(0, HEAD_BYTES));
  words(stringsStart + parts.strings.length, structStart, stringsStart, HEAD_BYTES).copy(head, 4);
  words(parts.strings.length, parts.struct.length).copy(head, 32);
  return Buffer.concat([head, parts.reserved, parts.struct, parts.strings]);
}

function readWords(tree: Buffer): number[] {
  return Array.from({ length: HEAD_BYTES / 4 }, (_, index) => tree.readUInt32BE(index * 4));
}

function endOfReserved(tree: Buffer, start: number): number {
  let at = start;
  while (tree.readBigUInt64BE(at) !== 0n || tree.readBigUInt64BE(at + 8) !== 0n) at += 16;
  return at + 16;
}

function words(...numbers: readonly number[]): Buffer {
  const buffer = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) buffer.writeUInt32BE(number, index * 4);
  return buffer;
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
