import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Patience } from '../../builder/fetch/patience.ts';
import { runCommand } from '../../kit/command.ts';

const MIB = 1024 * 1024;

/** Nobody waits in a test; what would have been waited is kept. */
export function createPatience(more: Partial<Patience> = {}): Partial<Patience> & { waits: number[] } {
  const waits: number[] = [];
  const wait = async (ms: number, signal: AbortSignal) => {
    waits.push(ms);
    await new Promise((done) => setImmediate(done));
    signal.throwIfAborted();
  };
  return { wait, waits, ...more };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function withFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'semeur-base-'));
  try {
    return await task(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A disk as small as can be: a boot signature, something random, and 3 MiB of zeros between. */
export function makeDisk(): Buffer {
  const disk = Buffer.alloc(4 * MIB);
  randomBytes(300_000).copy(disk, 1000);
  disk.writeUInt16BE(0x55aa, 510);
  randomBytes(5000).copy(disk, disk.length - 7000);
  return disk;
}

export async function packXz(folder: string, disk: Buffer): Promise<Buffer> {
  const file = join(folder, 'pack.img');
  await writeFile(file, disk);
  return runCommand(['xz', '--compress', '--stdout', '-0', file]);
}

/** By libarchive, not by what unpacks it. */
export async function packZip(folder: string, files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  await runCommand(['bsdtar', '--create', '--format', 'zip', '--file', 'packed', ...Object.keys(files)], { cwd: folder });
  return readFile(join(folder, 'packed'));
}

/** An entry as the official list has it. */
export function listEntry(url: string, disk: Buffer, packed: Buffer, more: object = {}): object {
  return {
    name: 'Raspberry Pi OS Lite (64-bit)',
    description: 'A port of Debian with no desktop environment',
    icon: 'icons/raspios.png',
    url,
    extract_size: disk.length,
    extract_sha256: sha256(disk),
    image_download_size: packed.length,
    image_download_sha256: sha256(packed),
    release_date: '2026-06-19',
    init_format: 'cloudinit-rpi',
    devices: ['pi5-64bit', 'pi4-64bit', 'pi3-64bit'],
    capabilities: [],
    ...more,
  };
}

/** The form of the official list: Lite images stand one level down. */
export function renderList(...entries: readonly object[]): Buffer {
  const other = { name: 'Raspberry Pi OS (other)', description: '', subitems: entries };
  const elsewhere = { name: 'Other general-purpose OS', description: '', subitems_url: 'https://example.org/other.json' };
  return Buffer.from(JSON.stringify({ imager: { latest_version: '2.0.11' }, os_list: [other, elsewhere] }));
}
