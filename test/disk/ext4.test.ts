import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExt4 } from '../../builder/disk/ext4.ts';
import { packExt4 } from '../../builder/disk/ext4-tar.ts';
import { runCommand } from '../../kit/command.ts';

const LONG = `${'dossier-au-nom-long/'.repeat(6)}écoute`;
/** The attribute's bytes as the kernel gives them: version 2, then user::rw-, user:33:r--, group::r--, mask::r--, other::---. */
const ACL = '0200000001000600ffffffff020004002100000004000400ffffffff10000400ffffffff20000000ffffffff';
/** cap_net_raw=ep */
const CAPABILITY = '0100000200200000000000000000000000000000';

let folder: string;
let image: string;
let tar: Buffer;
let listing: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-ext4-'));
  image = join(folder, 'fs.img');
  await makeTree(join(folder, 'tree'));
  await makeImage();
  const packed = join(folder, 'fs.tar');
  await pack(image, packed);
  tar = await readFile(packed);
  listing = String(
    await runCommand(['tar', '--list', '-vv', '--numeric-owner', '--full-time', '--xattrs', '--acls', '--file', packed], { env: { TZ: 'UTC' } }),
  );
  await mkdir(join(folder, 'out'));
  await runCommand(['tar', '--extract', '--file', packed, '--directory', join(folder, 'out'), '--exclude', './dev', '--no-same-owner']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function makeTree(tree: string): Promise<void> {
  await mkdir(join(tree, 'dev'), { recursive: true });
  await mkdir(join(tree, 'many'));
  await mkdir(join(tree, LONG, '..'), { recursive: true });
  await writeFile(join(tree, LONG), 'é');
  await writeFile(join(tree, 'capable'), 'x'.repeat(5000));
  await writeFile(join(tree, 'empty'), '');
  await symlink('/usr/bin', join(tree, 'short'));
  await symlink('x'.repeat(90), join(tree, 'middle'));
  await symlink(`${'y'.repeat(120)}/é`, join(tree, 'long'));
  // More names than a block holds, so an index.
  await Promise.all(
    Array.from({ length: 600 }, (_, index) => writeFile(join(tree, 'many', `file-with-a-name-of-some-length-${index}`), String(index))),
  );
  await writeScattered(join(tree, 'scattered'));
}

/** Every second block is a hole: more extents than a block of them holds, so a tree of depth 2; and a hole at the end. */
async function writeScattered(file: string): Promise<void> {
  const handle = await open(file, 'w');
  for (let block = 0; block < 1500; block += 2) await handle.write(Buffer.alloc(1024, `block ${block} `), 0, 1024, block * 1024);
  await handle.close();
  await truncate(file, 3_000_001);
}

/** With what an ordinary user may not give a file: owners, devices, capabilities. */
async function makeImage(): Promise<void> {
  await writeFile(join(folder, 'acl'), Buffer.from(ACL, 'hex'));
  await writeFile(join(folder, 'capability'), Buffer.from(CAPABILITY, 'hex'));
  await writeFile(join(folder, 'large'), 'v'.repeat(700));
  const commands = [
    ...['cd /dev', 'mknod null c 1 3', 'mknod disk b 259 60000', 'mknod pipe p', 'cd /'],
    ...['ln /capable /twin', 'sif /capable links_count 2', 'sif /capable uid 70000', 'sif /capable gid 33', 'sif /capable mode 0104751'],
    ...['sif /capable mtime 20010203040506', `ea_set -f ${folder}/capability /capable security.capability`, 'ea_set /capable user.note bonjour'],
    ...[`ea_set -f ${folder}/acl /empty system.posix_acl_access`, `ea_set -f ${folder}/large /empty user.large`],
  ];
  await writeFile(join(folder, 'commands'), `${commands.join('\n')}\n`);
  await runCommand(['mke2fs', '-q', '-t', 'ext4', '-b', '1024', '-I', '256', '-N', '2000', '-d', join(folder, 'tree'), image, '24M']);
  await runCommand(['debugfs', '-w', '-f', join(folder, 'commands'), image]);
  await runCommand(['e2fsck', '-f', '-p', image]).catch((error: Error) => expect(String(error)).toMatch(/exited with 1/));
}

async function pack(file: string, tar: string): Promise<void> {
  const handle = await open(file);
  try {
    await pipeline(packExt4(await openExt4(handle, 0)), createWriteStream(tar));
  } finally {
    await handle.close();
  }
}

const hash = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

describe('packExt4()', () => {
  it('keeps owners, modes, times, capabilities and other attributes', () => {
    expect(listing).toMatch(/^-rwsr-x--x\* 70000\/33 +5000 2001-02-03 04:05:06 \.\/capable\n {2}x: 7 user.note$/m);
    // tar does not list this one.
    expect(tar.includes(Buffer.concat([Buffer.from('SCHILY.xattr.security.capability='), Buffer.from(CAPABILITY, 'hex')]))).toBe(true);
  });

  it('keeps ACLs', () => {
    expect(listing).toMatch(/^-rw-r--r--\+ .* \.\/empty\n {2}a: user::rw-,user:33:r--,group::r--,mask::r--,other::---\n {2}x: 700 user.large$/m);
  });

  it('keeps hard links as such', () => expect(listing).toMatch(/ \.\/twin link to \.\/capable$/m));

  it('keeps devices and named pipes', () => {
    expect(listing).toMatch(/^c.* 1,3 .* \.\/dev\/null$/m);
    expect(listing).toMatch(/^b.* 259,60000 .* \.\/dev\/disk$/m);
    expect(listing).toMatch(/^p.* \.\/dev\/pipe$/m);
  });

  it.each(['short', 'middle', 'long'])('keeps the %s link', async (name) => {
    const made = String(await runCommand(['readlink', join(folder, 'tree', name)]));
    expect(String(await runCommand(['readlink', join(folder, 'out', name)]))).toBe(made);
  });

  it.each(['scattered', 'capable', 'empty', LONG, 'many/file-with-a-name-of-some-length-599'])('keeps what %s holds', async (name) => {
    expect(await hash(join(folder, 'out', name))).toBe(await hash(join(folder, 'tree', name)));
  });

  it('names everything once, in order', () => {
    const names = [...listing.matchAll(/ (\.\/many\/\S+)$/gm)].map((match) => match[1] ?? '');
    expect(names).toHaveLength(600);
    expect(names).toEqual([...new Set(names)].sort());
  });
});

describe('openExt4()', () => {
  const read = async (bytes: Buffer) => {
    const file = join(folder, 'damaged.img');
    await writeFile(file, bytes);
    return pack(file, join(folder, 'damaged.tar'));
  };

  it('refuses what it does not know, and says why', async () => {
    const whole = await readFile(image);
    const changed = (change: (copy: Buffer) => void) => {
      const copy = Buffer.from(whole);
      change(copy);
      return copy;
    };
    await expect(read(changed((copy) => copy.writeUInt16LE(0, 1024 + 56)))).rejects.toThrow('it has no ext4 superblock');
    await expect(read(changed((copy) => copy.writeUInt32LE(copy.readUInt32LE(1024 + 96) | 4, 1024 + 96)))).rejects.toThrow(
      'its journal has to be replayed',
    );
    await expect(read(changed((copy) => copy.writeUInt32LE(copy.readUInt32LE(1024 + 96) | 0x8000, 1024 + 96)))).rejects.toThrow(
      '(incompatible 0x8000)',
    );
    await expect(read(whole.subarray(0, 300_000))).rejects.toThrow(/it ends at byte 300000, and \d+ more are needed/);
  });
});
