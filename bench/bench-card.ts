import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTrialCard } from '../builder/cards/try-card.ts';
import { innerProgress } from '../kit/inner-progress.ts';
import type { Session } from '../kit/session.ts';

const CHECKOUT = join(import.meta.dirname, '..');

/**
 * Builds a client of the examples, in out/bench/: a raw image, so that nothing is unpacked while we measure.
 * @param services what its profile has instead of the example's, with the settings that they ask for.
 */
export async function buildBenchCard(
  session: Session,
  client: string,
  services: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Promise<{ workspace: string; image: string }> {
  const workspace = join(CHECKOUT, 'out', 'bench');
  await mkdir(workspace, { recursive: true });
  await cp(join(CHECKOUT, 'examples'), workspace, { recursive: true });
  if (Object.keys(services).length > 0) await choose(workspace, client, services);
  const { image } = await session.progress.step(`Building the card of "${client}"`, (note) =>
    makeTrialCard({ ...session, progress: innerProgress(note) }, workspace, client),
  );
  return { workspace, image };
}

async function choose(workspace: string, client: string, services: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<void> {
  await edit(join(workspace, 'profiles', 'maison.yaml'), (text) =>
    text.replace(/^services: .*$/m, `services: [${Object.keys(services).join(', ')}]`),
  );
  const settings = Object.entries(services).filter(([, values]) => Object.keys(values).length > 0);
  const lines = settings.map(([name, values]) => `  ${name}: ${JSON.stringify(values)}\n`);
  await edit(join(workspace, 'clients', `${client}.yaml`), (text) => text.replace('settings:\n', `settings:\n${lines.join('')}`));
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}
