import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

/** From now on, and until vi.unstubAllEnvs(), a program in `folder` stands for QEMU (fake-qemu.ts). */
export async function putFakeQemu(folder: string): Promise<void> {
  const fake = join(folder, 'qemu-system-aarch64');
  await writeFile(fake, `#!/bin/sh\nexec "${process.execPath}" "${fileURLToPath(new URL('./fake-qemu.ts', import.meta.url))}" "$@"\n`);
  await chmod(fake, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
}

/** What it says on its console; then it ends with this code, or runs on. */
export function letFakeQemuSay(says: string, exit?: number): void {
  vi.stubEnv('FAKE_CONSOLE', says);
  vi.stubEnv('FAKE_EXIT', exit === undefined ? undefined : String(exit));
}
