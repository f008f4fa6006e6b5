import { findCheckout } from '../../builder/house/checkout.ts';
import { readBuildTools } from '../../builder/release/software/build-tools.ts';
import { readCardContents } from '../../builder/release/software/card-contents.ts';
import type { LaidOverlay } from '../../builder/release/software/laid-overlays.ts';
import { renderProvenance } from '../../builder/release/software/provenance.ts';
import { renderSbom } from '../../builder/release/software/sbom.ts';
import { LOCK } from './small-card.ts';

const OVERLAYS: LaidOverlay[] = [
  { name: 'website', summary: 'A site', shipped: true, packages: ['busybox'], files: [{ path: '/etc/écoute.conf', sha256: '88'.repeat(32) }] },
  { name: 'zélé', summary: 'Theirs', shipped: false, packages: [], files: [] },
  { name: 'Card', summary: 'Every card', shipped: true, packages: [], files: [] },
];

export async function renderSmallSbom(folder: string, turn = <T>(list: readonly T[]): readonly T[] => list): Promise<string> {
  const card = await readCardContents(folder);
  const tools = await readBuildTools(findCheckout());
  return renderSbom({
    profile: 'maison',
    architecture: 'arm64',
    prefixDigest: 'ab'.repeat(32),
    card: { ...card, packages: turn(card.packages), licences: new Map(turn([...card.licences])) },
    overlays: turn(OVERLAYS.map((overlay) => ({ ...overlay, files: turn(overlay.files) }))),
    lock: turnLock(turn),
    tools: { ...tools, npm: turn(tools.npm) },
  });
}

export function renderSmallProvenance(turn = <T>(list: readonly T[]): readonly T[] => list): string {
  return renderProvenance({
    subjects: turn([
      { name: 'maison.img.xz', sha256: 'cd'.repeat(32) },
      { name: 'MAISON.bmap', sha256: 'ce'.repeat(32) },
      { name: 'workspace/écoute.yaml', sha256: 'cf'.repeat(32) },
    ]),
    profile: 'maison',
    version: '0.1.0',
    lock: turnLock(turn),
    commits: { semeur: 'e8'.repeat(20), workspace: undefined },
    workspaceFiles: turn([
      { name: 'semeur.yaml', sha256: 'da'.repeat(32) },
      { name: 'profiles/maison.yaml', sha256: 'db'.repeat(32) },
    ]),
  });
}

function turnLock(turn: <T>(list: readonly T[]) => readonly T[]) {
  const { toolbox, base, added } = LOCK;
  const turned = [toolbox, base, added].map(({ lists = [], debs }) => ({ lists: turn(lists), debs: turn(debs) }));
  return { ...LOCK, toolbox: turned[0] ?? toolbox, base: turned[1] ?? base, added: turned[2] ?? added };
}

// Started by itself, by the tests that want another locale: a process has the one that it began with.
if (import.meta.main) {
  const [folder = ''] = process.argv.slice(2);
  process.stdout.write((await renderSmallSbom(folder)) + renderSmallProvenance());
}
