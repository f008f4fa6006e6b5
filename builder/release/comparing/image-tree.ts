import { createHash } from 'node:crypto';
import { withRoot } from '../../disk/disk-layout.ts';
import { type Ext4, type Inode, ROOT_INODE } from '../../disk/ext4.ts';

/** Everything in an image's root file system by path: kind, mode, owners, time, where it leads, extended attributes, ACLs, capabilities, digest. */
export async function describeImageTree(raw: string): Promise<Map<string, string>> {
  return withRoot(raw, describeFolder);
}

async function describeFolder(ext4: Ext4): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  /** The first path of each inode with several. */
  const named = new Map<number, string>();
  const walk = async (path: string, number: number): Promise<void> => {
    const inode = await ext4.inode(number);
    const first = named.get(number);
    if (inode.kind !== 'folder' && inode.links > 1) named.set(number, first ?? path);
    found.set(path === '' ? '/' : path, `${await describeInode(ext4, inode)}${first === undefined ? '' : ` = ${first}`}`);
    if (inode.kind === 'folder') for (const entry of await ext4.folder(inode)) await walk(`${path}/${entry.name}`, entry.number);
  };
  await walk('', ROOT_INODE);
  return found;
}

async function describeInode(ext4: Ext4, inode: Inode): Promise<string> {
  const { kind, mode, uid, gid, mtime, device } = inode;
  const attributes = (await ext4.attributes(inode)).map(({ name, value }) => `${name}=${value.toString('hex')}`).sort();
  const content = kind === 'link' ? await ext4.link(inode) : kind === 'file' ? await digest(ext4, inode) : '';
  const numbers = kind === 'character' || kind === 'block' ? `${device.major}:${device.minor}` : '';
  const time = `${mtime.seconds}.${mtime.nanoseconds}`;
  return [kind, mode.toString(8), `${uid}:${gid}`, time, content, numbers, ...attributes].filter((part) => part !== '').join(' ');
}

async function digest(ext4: Ext4, inode: Inode): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of ext4.content(inode)) hash.update(chunk);
  return `${inode.bytes}:${hash.digest('hex').slice(0, 16)}`;
}
