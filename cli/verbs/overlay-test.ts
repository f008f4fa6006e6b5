import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import { buildCards, FOR_TRIAL } from '../../builder/cards/build-cards.ts';
import { bootImage } from '../../builder/try/boot-image.ts';
import { requireTrial } from '../../builder/try/needs.ts';
import { SEMEUR, type Trial, withTrial } from '../../builder/try/trial.ts';
import { BUILT_IN } from '../../builder/workspace/check-services.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { findClient } from '../../builder/workspace/find-named.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import type { Overlay } from '../../builder/workspace/overlay-schema.ts';
import { suggestHint } from '../../builder/workspace/rules/suggest.ts';
import { runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';

const EXAMINATION = join(import.meta.dirname, '../../builder/try/examine-service.sh');
/** Of the profile and the client that are made for the test. */
const TRIED = 'tried';
/** Addresses that are nobody's (RFC 5737): the trial's network has them. */
const HOME = '192.0.2.10';
/** A service that starts slowly, emulated, on a busy machine. */
const BOOT_SECONDS = 600;

/** Boots a card that has this service alone, beside a home of its own, and examines it over SSH: health, ports, sandbox, backup and restore. */
export async function testOverlay(session: Session, name: string): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  const overlay = findService(workspace, name);
  await requireTrial(session);
  const folder = await makeWorkspace(workspace, overlay);
  const own = { ...session, workspace: folder };
  const tried = await loadWorkspace(folder);
  await buildCards(own, tried, [findClient(tried, TRIED)], { ...FOR_TRIAL, format: 'img', now: new Date() });
  let output = '';
  await withTrial(own, tried, join(folder, 'home'), (trial) =>
    bootImage(own, join(folder, 'out', `${TRIED}.img`), {
      ...{ machine: 'virt', until: 'claimed', timeoutSeconds: BOOT_SECONDS, enter: trial.enter },
      visit: async () => {
        output = await examine(own, folder, trial, overlay);
      },
    }),
  );
  return reportExamination(name, output);
}

/** What programs wrote on the card comes among what was found: it explains what is ill. */
export function reportExamination(overlay: string, output: string): Report {
  const lines = output.split('\n').filter((line) => line !== '');
  const said = lines.filter((line) => /^(well|ill) /.test(line));
  const isWell = said.length > 0 && said.every((line) => line.startsWith('well '));
  const text = (isWell ? said : lines).map((line) => line.replace(/^(well|ill) /, (word) => word.padEnd(6)));
  return { json: { overlay, said }, text, exitCode: isWell ? EXIT.done : EXIT.failure };
}

function findService({ overlays }: LoadedWorkspace, name: string): Overlay {
  const services = [...overlays.keys()].filter((one) => !BUILT_IN.includes(one));
  const overlay = services.includes(name) ? overlays.get(name) : undefined;
  if (overlay) return overlay;
  throw new Failure(`Cannot find the service "${name}"`, { hint: suggestHint(name, services), exitCode: EXIT.usage });
}

/** A workspace of its own in the operator's out/: nothing of theirs is issued, and the second test finds what the first one made. */
export async function makeWorkspace({ folder: from }: LoadedWorkspace, { overlay }: Overlay): Promise<string> {
  const folder = join(from, 'out', 'overlay-tests', overlay);
  // A card's first day: a home that has taken it in before would turn it away, and the keys of a test of last winter are too old.
  for (const part of ['home', 'secrets/clients', 'out/orders']) await rm(join(folder, part), { recursive: true, force: true });
  for (const part of ['profiles', 'clients']) await mkdir(join(folder, part), { recursive: true });
  await rm(join(folder, 'overlays'), { recursive: true, force: true });
  await cp(join(from, 'overlays'), join(folder, 'overlays'), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  const operator = parseDocument(await readFile(join(from, 'semeur.yaml'), 'utf8'));
  operator.setIn(['vpn', 'endpoints'], [`${HOME}:51820`]);
  operator.setIn(['home', 'url'], `https://${HOME}:8443`);
  await writeFile(join(folder, 'semeur.yaml'), String(operator));
  await writeFile(join(folder, '.gitignore'), '/secrets/\n/out/\n/home/\n');
  const profile = { profile: TRIED, base: 'debian-arm64', boards: ['pi4'], services: [overlay] };
  await writeFile(join(folder, 'profiles', `${TRIED}.yaml`), stringify(profile));
  await writeFile(join(folder, 'clients', `${TRIED}.yaml`), stringify({ client: TRIED, name: 'Trial', profile: TRIED }));
  return folder;
}

async function examine({ signal }: Session, folder: string, { enter, state }: Trial, { units }: Overlay): Promise<string> {
  const script = await readFile(EXAMINATION, 'utf8');
  const remote = `set -- ${units.enable.join(' ')}\n${script}`;
  const argv = [...enter, ...SEMEUR, 'ssh', '--workspace', folder, '--state', state, TRIED];
  return (await runCommand([...argv, remote], { doing: 'ask the trial', signal })).toString('utf8');
}
