import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../builder/command.ts';
import type { Session } from '../builder/session.ts';

const CHECKOUT = join(import.meta.dirname, '..');

/** Builds a client of the examples, in out/bench/: a raw image, so that nothing is unpacked while we measure. */
export async function buildBenchCard({ progress, signal }: Session, client: string): Promise<{ workspace: string; image: string }> {
  const workspace = join(CHECKOUT, 'out', 'bench');
  await mkdir(workspace, { recursive: true });
  await cp(join(CHECKOUT, 'examples'), workspace, { recursive: true });
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', join(CHECKOUT, 'builder/main.ts'), 'build', client, '--format', 'img'];
  await progress.step(`Building the card of "${client}"`, () => runCommand([...argv, '--workspace', workspace], { signal }));
  return { workspace, image: join(workspace, 'out', `${client}.img`) };
}
