import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyLayer, emptyTree } from '../../builder/container/tree.ts';
import { writeTree } from '../../builder/container/write-tree.ts';
import { readTarEntries, type TarEntry } from '../../builder/disk/tar-entries.ts';
import { makeLayers, packImage, runInNamespace, writeLayout } from './sample-image.ts';

/** Three layers: what the upper ones take away, replace, add through links, and give other owners. */
const LAYERS = `
pack() { (cd $1 && find . -exec touch -hd "@$3" {} + && tar --create --file ../$1.tar --sort=name --format=$2 --numeric-owner --xattrs --xattrs-include='*' .); }
mkdir 1 2
mkdir -p 1/usr/bin 1/etc/app 1/var/old/deep 1/opt 1/srv/kept
ln -s usr/bin 1/bin
printf one >1/usr/bin/program; chmod 4755 1/usr/bin/program
ln 1/usr/bin/program 1/usr/bin/second-name
ln -s /etc/app/conf 1/opt/link
printf conf >1/etc/app/conf; chmod 600 1/etc/app/conf; chown 33:44 1/etc/app/conf
printf gone >1/etc/app/gone; printf hidden >1/var/old/deep/hidden; printf x >1/srv/kept/x
printf dir >1/was-file; mkdir 1/was-folder; printf x >1/was-folder/x
long=$(printf 'n%.0s' $(seq 120)); printf long >1/$long; ln -s /$long 1/opt/$long
printf é >1/opt/accent-é
python3 -c 'import os; os.setxattr("1/usr/bin/program", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000")); os.setxattr("1/etc/app/conf", "user.note", b"a\\0b\\n")'
pack 1 pax 1700000000
mkdir -p 2/etc/app 2/var/old 2/usr/bin 2/srv/kept 2/was-file
: >2/etc/app/.wh.gone
: >2/var/old/.wh..wh..opq; printf new >2/var/old/new
printf two >2/usr/bin/program; printf in >2/was-file/in; printf file >2/was-folder
chown 1000:1000 2/srv/kept; chmod 700 2/srv/kept
pack 2 gnu 1700000100
mkdir 3; printf third >3/third; ln 3/third 3/fourth; : >3/.wh.was-folder
pack 3 gnu 1700000200
`;

async function listTar(tar: string, under = ''): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of readTarEntries(tar)) lines.push(await describeEntry(entry, under));
  return lines.sort();
}

async function describeEntry({ path, kind, target, records, mode, uid, gid, mtime, bytes, content }: TarEntry, under: string): Promise<string> {
  const body =
    kind === 'file'
      ? createHash('sha256')
          .update(await content())
          .digest('hex')
          .slice(0, 8)
      : '';
  const attributes =
    kind === 'hard link' ? [] : [...records].filter(([key]) => key.startsWith('SCHILY')).map(([key, value]) => `${key}=${value.toString('hex')}`);
  const link = kind === 'hard link' ? join('/', target).slice(under.length) : target;
  return [
    path.slice(under.length) || '/',
    kind,
    mode.toString(8),
    uid,
    gid,
    kind === 'hard link' ? '' : mtime,
    bytes,
    body,
    link,
    ...attributes,
  ].join(' ');
}

async function withFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-layers-'));
  try {
    return await task(folder);
  } finally {
    await runInNamespace(folder, 'rm -rf ./*');
    await rm(folder, { recursive: true, force: true });
  }
}

async function applyAll(folder: string, count: number, out: string): Promise<void> {
  const root = emptyTree();
  for (let layer = 1; layer <= count; layer++) {
    const tar = join(folder, `${layer}.tar`);
    applyLayer(root, tar, await Array.fromAsync(readTarEntries(tar)));
  }
  await writeTree(root, '/rootfs', out);
}

describe('applyLayer()', () => {
  it('makes of layers what umoci makes of them: whiteouts, owners, modes, times, links and attributes', async () => {
    await withFolder(async (folder) => {
      const layers = await makeLayers(folder, 3, LAYERS);
      await writeLayout(join(folder, 'layout'), packImage(layers));
      await runInNamespace(
        folder,
        `umoci unpack --image layout:sample bundle >&2
         tar --create --file theirs.tar --directory bundle --sort=name --format=pax --numeric-owner --xattrs --xattrs-include='*' rootfs`,
      );
      await applyAll(folder, 3, join(folder, 'ours.tar'));
      const theirs = await listTar(join(folder, 'theirs.tar'), '/rootfs');
      expect(await listTar(join(folder, 'ours.tar'), '/rootfs')).toEqual(theirs);
      // That the comparison had something to compare.
      expect(theirs.filter((line) => /hard link|SCHILY/.test(line))).toHaveLength(3);
      expect(theirs.join('\n')).not.toMatch(/gone|hidden|was-folder|\.wh\./);
      await applyAll(folder, 3, join(folder, 'again.tar'));
      await runInNamespace(folder, 'cmp ours.tar again.tar');
    });
  });

  it('gives a layer that hides and brings the same file the file, wherever the whiteout stands', async () => {
    await withFolder(async (folder) => {
      await makeLayers(
        folder,
        2,
        `mkdir -p 1/a; printf old >1/a/file; printf old >1/a/other; tar --create --file 1.tar --directory 1 .
         mkdir -p 2/a; printf new >2/a/file; : >2/a/.wh.file; : >2/a/.wh..wh..opq; tar --create --file 2.tar --directory 2 --no-recursion ./a ./a/file ./a/.wh.file ./a/.wh..wh..opq`,
      );
      await applyAll(folder, 2, join(folder, 'ours.tar'));
      expect((await listTar(join(folder, 'ours.tar'), '/rootfs')).map((line) => line.split(' ')[0])).toEqual(['/', '/a', '/a/file']);
    });
  });

  it('lets no link lead out of the tree, and refuses what has no place in it', async () => {
    await withFolder(async (folder) => {
      await makeLayers(
        folder,
        5,
        `mkdir 1 2 3 4 5; ln -s ../../../../etc 1/up; ln -s / 1/root; ln -s round 1/round; printf x >1/file; tar --create --file 1.tar --directory 1 .
         mkdir -p 2/up 2/root; printf in >2/up/passwd; printf in >2/root/slash; tar --create --file 2.tar --directory 2 up/passwd root/slash
         mkdir 3/round; printf in >3/round/x; tar --create --file 3.tar --directory 3 round/x
         mkdir 4/file; printf in >4/file/x; tar --create --file 4.tar --directory 4 file/x
         printf x >5/a; ln 5/a 5/b; tar --create --file 5.tar --directory 5 a b; tar --delete --file 5.tar a`,
      );
      await applyAll(folder, 2, join(folder, 'ours.tar'));
      const paths = (await listTar(join(folder, 'ours.tar'), '/rootfs')).map((line) => line.split(' ')[0]);
      expect(paths).toEqual(expect.arrayContaining(['/etc/passwd', '/slash']));
      const refuse = async (layer: number) => {
        const root = emptyTree();
        for (const one of [1, layer]) applyLayer(root, '', await Array.fromAsync(readTarEntries(join(folder, `${one}.tar`))));
      };
      await expect(refuse(3)).rejects.toThrow('Cannot unpack "/round" of the image: its links lead in a circle');
      await expect(refuse(4)).rejects.toThrow('Cannot unpack "/file/x" of the image: what should be its folder is a file');
      await expect(refuse(5)).rejects.toThrow('Cannot unpack "/b" of the image: it is a second name of a file that is not there');
      await writeFile(join(folder, 'script'), `touch "$(printf 'a\\nb')"; tar --create --file 6.tar a*`);
      await runInNamespace(folder, 'sh -eu script');
      const named = await Array.fromAsync(readTarEntries(join(folder, '6.tar')));
      expect(() => applyLayer(emptyTree(), '', named)).toThrow('control characters');
    });
  });
});
