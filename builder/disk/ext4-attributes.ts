/** An extended attribute, such as "security.capability"; of ACLs, the text that tar knows. */
export interface Attribute {
  readonly name: string;
  readonly value: Buffer;
}

const MAGIC = 0xea020000;
const PREFIXES: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  7: 'system.',
};

/** Those that stand in the inode behind its fields. Source: https://www.kernel.org/doc/html/latest/filesystems/ext4/attributes.html */
export function parseInodeAttributes(inode: Buffer): Attribute[] {
  if (inode.length <= 128) return [];
  const start = 128 + inode.readUInt16LE(128);
  if (start + 4 > inode.length || inode.readUInt32LE(start) !== MAGIC) return [];
  // Offsets count from the first entry.
  return parseEntries(inode.subarray(start + 4), 0);
}

/** Those in a block of their own. */
export function parseAttributeBlock(block: Buffer): Attribute[] {
  if (block.readUInt32LE(0) !== MAGIC) throw new Error('A block of extended attributes has no magic number');
  return parseEntries(block, 32);
}

function parseEntries(area: Buffer, first: number): Attribute[] {
  const found: Attribute[] = [];
  for (let at = first; at + 16 <= area.length && area.readUInt32LE(at) !== 0; ) {
    const length = area.readUInt8(at);
    const prefix = PREFIXES[area.readUInt8(at + 1)];
    if (prefix === undefined || area.readUInt32LE(at + 4) !== 0) throw new Error('An extended attribute is of a kind that is not known here');
    const offset = area.readUInt16LE(at + 2);
    const name = prefix + area.toString('utf8', at + 16, at + 16 + length);
    found.push({ name, value: Buffer.from(area.subarray(offset, offset + area.readUInt32LE(at + 8))) });
    at += (16 + length + 3) & ~3;
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const TAGS: Readonly<Record<number, string>> = { 1: 'user:', 2: 'user:', 4: 'group:', 8: 'group:', 16: 'mask:', 32: 'other:' };

/** An ACL as ext4 keeps it, in the short text form of acl(5) with numbers for names: "user::rw-,user:33:r--,…". */
export function renderAcl(value: Buffer): string {
  const entries: string[] = [];
  for (let at = 4; at < value.length; ) {
    const tag = value.readUInt16LE(at);
    const bits = value.readUInt16LE(at + 2);
    const isNamed = tag === 2 || tag === 8;
    const id = isNamed ? String(value.readUInt32LE(at + 4)) : '';
    const rights = ['r', 'w', 'x'].map((letter, index) => (bits & (4 >> index) ? letter : '-')).join('');
    entries.push(`${TAGS[tag] ?? ''}${id}:${rights}`);
    at += isNamed ? 8 : 4;
  }
  return entries.join(',');
}
