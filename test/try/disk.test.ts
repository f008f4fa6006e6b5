import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportDisk, openDisk, planCardSize } from '../../builder/try/disk.ts';
import { runCommand } from '../../kit/command.ts';
import { createQuietSession, MIB, writeSparse } from '../image/sample-prefix.ts';

const session = createQuietSession();
const GIB = 1024 * MIB;
let folder: string;
let image: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semeur-disk-'));
  const pieces = [0, 20 * MIB].map((offset) => ({ offset, bytes: randomBytes(4096) }));
  image = await writeSparse(join(folder, 'card.img'), 32 * MIB, pieces);
});
afterEach(() => rm(folder, { recursive: true }));

describe('openDisk()', () => {
  it('takes a raw image as it is, under an overlay that is bigger', async () => {
    const { raw, overlay } = await openDisk(session, image, join(folder, 'try', 'disk.qcow2'));
    expect(raw).toBe(image);
    const info = JSON.parse(String(await runCommand(['qemu-img', 'info', '--output=json', overlay])));
    expect(info).toMatchObject({ 'virtual-size': 2 * GIB, 'full-backing-filename': image, format: 'qcow2' });
  });

  it.each([
    ['xz', ['xz', '--keep', '-0']],
    ['zst', ['zstd', '--quiet', '-1']],
  ])('unpacks .img.%s with its zeros as holes, and leaves nothing else', async (format, compress) => {
    await runCommand([...compress, image]);
    const { raw } = await openDisk(session, `${image}.${format}`, join(folder, 'try', 'disk.qcow2'));
    expect((await readFile(raw)).equals(await readFile(image))).toBe(true);
    expect((await stat(raw)).blocks * 512).toBeLessThan(MIB);
    expect((await readdir(join(folder, 'try'))).sort()).toEqual(['disk.qcow2', 'disk.qcow2.img']);
  });

  it('finds a disk again, with what was written to it, and never writes to the image', async () => {
    const before = await readFile(image);
    const { overlay } = await openDisk(session, image, join(folder, 'disk.qcow2'));
    await runCommand(['qemu-io', '-c', 'write -q -P 0x5a 1M 4k', overlay]);
    await openDisk(session, image, overlay);
    const raw = join(folder, 'after.img');
    await exportDisk(session, overlay, raw);
    const handle = await open(raw);
    const { buffer } = await handle.read(Buffer.alloc(4096), 0, 4096, MIB);
    await handle.close();
    expect(buffer.equals(Buffer.alloc(4096, 0x5a))).toBe(true);
    expect((await readFile(image)).equals(before)).toBe(true);
  });

  it('says what to do when there is no such image', async () => {
    await expect(openDisk(session, join(folder, 'none.img'), join(folder, 'disk.qcow2'))).rejects.toThrow(/there is no such file/);
  });
});

describe('planCardSize()', () => {
  it('is a power of two, at least 1 GiB more than the image', () => {
    expect([1, 1000 * MIB, GIB, GIB + 1, 3 * GIB].map((bytes) => planCardSize(bytes) / GIB)).toEqual([2, 2, 2, 4, 4]);
  });
});
