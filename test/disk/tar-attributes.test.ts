import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTarAttributes } from '../../builder/disk/tar-attributes.ts';
import { runCommand } from '../../kit/command.ts';

const LONG = `${'dossier-au-nom-long/'.repeat(8)}écoute`;
/** Version 2, then user::rw-, user:33:r--, group::r--, mask::r--, other::---. */
const ACL = '0200000001000600ffffffff020004002100000004000400ffffffff10000400ffffffff20000000ffffffff';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-tar-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** By libarchive, from a list of what is in it: no right to set attributes is needed. */
async function makeTar(entries: readonly object[]): Promise<string> {
  const tree = join(folder, 'tree');
  await mkdir(tree, { recursive: true });
  const header = (name: string, type: string, records: Record<string, Buffer>, content = '') => {
    const body = Buffer.concat(Object.entries(records).map(([key, value]) => renderRecord(key, value)));
    return Buffer.concat([
      ...(body.length > 0 ? [renderHeader('pax', 'x', body.length), pad(body)] : []),
      renderHeader(name, type, content.length),
      pad(Buffer.from(content)),
    ]);
  };
  const parts = entries.map((entry) => header(...(entry as [string, string, Record<string, Buffer>, string?])));
  const file = join(folder, 'test.tar');
  await writeFile(file, Buffer.concat([...parts, Buffer.alloc(1024)]));
  await runCommand(['tar', '--list', '--file', file]);
  return file;
}

function renderHeader(name: string, type: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        ${type}`, 124);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function renderRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
}

it('finds every attribute but the capabilities, whatever bytes it has', async () => {
  const acl = Buffer.from(ACL, 'hex');
  const tar = await makeTar([
    ['./', '5', {}],
    ['./etc/fstab', '0', { 'SCHILY.acl.access': Buffer.from('user::rw-'), 'SCHILY.xattr.system.posix_acl_access': acl }, 'x'.repeat(1000)],
    [
      './usr/bin/ping',
      '0',
      { 'SCHILY.xattr.security.capability': Buffer.from('00', 'hex'), 'SCHILY.xattr.user.note': Buffer.from('a=b\n7 c=d') },
      'y',
    ],
    ['./usr/bin/twin', '1', { 'SCHILY.xattr.user.note': Buffer.from('again') }],
    ['pax-name', '0', { path: Buffer.from(`./${LONG}`), 'SCHILY.xattr.trusted.x': Buffer.alloc(0) }],
    ['./var/log/journal/', '5', { 'SCHILY.xattr.system.posix_acl_default': acl }],
  ]);
  expect(await readTarAttributes(tar)).toEqual([
    { path: '/etc/fstab', name: 'system.posix_acl_access', value: ACL },
    { path: '/usr/bin/ping', name: 'user.note', value: Buffer.from('a=b\n7 c=d').toString('hex') },
    { path: `/${LONG}`, name: 'trusted.x', value: '' },
    { path: '/var/log/journal', name: 'system.posix_acl_default', value: ACL },
  ]);
});
