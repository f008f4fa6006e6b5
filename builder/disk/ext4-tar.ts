import { Header } from 'tar';
import { type Ext4, type Inode, ROOT_INODE } from './ext4.ts';
import { type Attribute, renderAcl } from './ext4-attributes.ts';
import { fitsUstar, padding, renderPax, shorten } from './pax.ts';

const TYPES = {
  file: 'File',
  folder: 'Directory',
  link: 'SymbolicLink',
  character: 'CharacterDevice',
  block: 'BlockDevice',
  fifo: 'FIFO',
} as const;
const ACLS: Readonly<Record<string, string>> = { 'system.posix_acl_access': 'SCHILY.acl.access', 'system.posix_acl_default': 'SCHILY.acl.default' };

/**
 * A file system as a tar (pax), as `tar --create --sort=name --numeric-owner --xattrs --acls .` would make it from a mounted one: owners, modes, times,
 * hard links, devices, extended attributes, capabilities, ACLs. Sockets are left out, as tar does.
 */
export async function* packExt4(ext4: Ext4): AsyncGenerator<Buffer> {
  /** Path of the first name of each inode that has several. */
  const named = new Map<number, string>();
  yield* packTree('.', ROOT_INODE);
  yield Buffer.alloc(1024);

  async function* packTree(path: string, number: number): AsyncGenerator<Buffer> {
    const inode = await ext4.inode(number);
    const first = named.get(number);
    if (first !== undefined) {
      yield* renderHeader(path, { ...inode, bytes: 0 }, 'Link', first, []);
      return;
    }
    if (inode.links > 1 && inode.kind !== 'folder') named.set(number, path);
    if (inode.kind === 'socket') return;
    const target = inode.kind === 'link' ? await ext4.link(inode) : undefined;
    const bytes = inode.kind === 'file' ? inode.bytes : 0;
    yield* renderHeader(path, { ...inode, bytes }, TYPES[inode.kind], target, await ext4.attributes(inode));
    if (inode.kind === 'file') yield* ext4.content(inode);
    yield padding(bytes);
    if (inode.kind !== 'folder') return;
    for (const entry of await ext4.folder(inode)) yield* packTree(`${path}/${entry.name}`, entry.number);
  }
}

type EntryType = (typeof TYPES)[keyof typeof TYPES] | 'Link';

function* renderHeader(path: string, inode: Inode, type: EntryType, target: string | undefined, attributes: readonly Attribute[]): Generator<Buffer> {
  const name = type === 'Directory' ? `${path}/` : path;
  const { seconds, nanoseconds } = inode.mtime;
  const records: [string, string | Buffer][] = [
    ...(fitsUstar(name) ? [] : [['path', name] as [string, string]]),
    ...(target === undefined || fitsUstar(target) ? [] : [['linkpath', target] as [string, string]]),
    ...(nanoseconds === 0 ? [] : [['mtime', `${seconds}.${String(nanoseconds).padStart(9, '0')}`] as [string, string]]),
    ...attributes.map(({ name: key, value }): [string, string | Buffer] => {
      const acl = ACLS[key];
      return acl === undefined ? [`SCHILY.xattr.${key}`, value] : [acl, renderAcl(value)];
    }),
  ];
  yield* renderPax(records);
  yield encode({
    path: shorten(name),
    type,
    size: inode.bytes,
    mode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    mtime: new Date(seconds * 1000),
    ...(target === undefined ? {} : { linkpath: shorten(target) }),
    ...(type === 'CharacterDevice' || type === 'BlockDevice' ? { devmaj: inode.device.major, devmin: inode.device.minor } : {}),
  });
}

function encode(fields: ConstructorParameters<typeof Header>[0] & object): Buffer {
  const block = Buffer.alloc(512);
  new Header(fields).encode(block);
  return block;
}
