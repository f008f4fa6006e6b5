import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file so that a reader, a crash or Ctrl-C sees the whole of it or nothing: temporary name, fsync, rename, fsync of the folder.
 * @param fill writes the content through the handle; if it throws, the temporary file is removed and nothing else changes.
 */
export async function writeAtomically(
  file: string,
  fill: (handle: FileHandle, temporary: string) => Promise<void>,
  { mode = 0o644 }: { readonly mode?: number } = {},
): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${basename(file)}.${randomBytes(6).toString('hex')}.part`);
  const handle = await open(temporary, 'wx+', mode);
  try {
    await fill(handle, temporary);
    await handle.sync();
    await handle.close();
    await rename(temporary, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    // What goes wrong while it is written comes without a name from the system.
    if (error instanceof Error && 'syscall' in error && !('path' in error)) Object.assign(error, { path: file });
    throw error;
  }
  await syncFolder(folder);
}

export async function writeFileAtomically(file: string, content: string | Uint8Array, options: { readonly mode?: number } = {}): Promise<void> {
  await writeAtomically(file, async (handle) => handle.writeFile(content), options);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
