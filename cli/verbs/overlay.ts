import type { Command } from 'commander';
import { BUILT_IN } from '../../builder/workspace/built-in.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { formatFinding } from '../../builder/workspace/finding.ts';
import { renderOverlayReference } from '../../builder/workspace/overlay-reference.ts';
import type { Overlay } from '../../builder/workspace/overlay-schema.ts';
import { readOverlays } from '../../builder/workspace/overlays.ts';
import { suggestHint } from '../../builder/workspace/rules/suggest.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import { testOverlay } from './overlay-test.ts';
import type { RunVerb } from './verb.ts';

export function addOverlay(program: Command, run: RunVerb): void {
  const overlay = program.command('overlay').description('the services that a card can have');
  overlay
    .command('list')
    .description("Semeur's own, and the workspace's, with what each needs")
    .addHelpText('after', examples('semeur overlay list'))
    .action(() => run(list));
  overlay
    .command('check')
    .argument('<name>')
    .description('all that is wrong in one, with file, line and column; and what it opens, keeps and needs')
    .addHelpText('after', examples('semeur overlay check calendar'))
    .action((name: string) => run((session) => check(session, name)));
  overlay
    .command('test')
    .argument('<name>')
    .description('boot a card in QEMU that has it alone; its health, its ports, its sandbox, a backup and what comes back of it')
    .addHelpText('after', examples('semeur overlay test calendar   (some minutes: a profile of its own is built)'))
    .action((name: string) => run((session) => testOverlay(session, name)));
  overlay
    .command('reference')
    .description('every key of overlay.yaml, as a page of Markdown')
    .addHelpText('after', examples('semeur overlay reference >overlay-reference.md'))
    .action(() => run(async () => ({ json: { page: renderOverlayReference() }, text: [renderOverlayReference().trimEnd()] })));
}

async function list(session: Session): Promise<Report> {
  const { overlays } = await readOverlays(findWorkspace(session));
  const known = [...overlays.values()].flatMap(({ value }) => (value && !BUILT_IN.includes(value.overlay) ? [value] : []));
  const width = Math.max(...known.map(({ overlay }) => overlay.length));
  const text = known.map(
    ({ overlay, title, needs }) => `${overlay.padEnd(width)}  ${title.fr} / ${title.en}${needs.memory === '0' ? '' : `, ${needs.memory}`}`,
  );
  return { json: { overlays: known }, text };
}

async function check(session: Session, name: string): Promise<Report> {
  const { overlays, findings } = await readOverlays(findWorkspace(session));
  const entry = overlays.get(name);
  if (!entry) throw new Failure(`Cannot find the overlay "${name}"`, { hint: suggestHint(name, [...overlays.keys()]), exitCode: EXIT.usage });
  const folder = entry.source.file.replace(/[^/]*$/, '');
  const own = findings.filter(({ file }) => file.startsWith(folder));
  const isWell = own.every(({ level }) => level !== 'error');
  const text = [...own.map(formatFinding), ...(isWell && entry.value ? describe(entry.value) : [])];
  return { json: { overlay: name, findings: own }, text, exitCode: isWell ? EXIT.done : EXIT.usage };
}

function describe({ overlay, title, summary, front, ports, health, status, backup, needs, packages }: Overlay): string[] {
  const facts = [
    ['packages', packages.join(', ')],
    ['front door', front === undefined ? '' : `/${front}/`],
    ['ports', ports.map(({ port, protocol, reach }) => `${port}/${protocol} to the ${reach}`).join(', ')],
    ['health check', health ?? 'none: nobody will hear that it fails'],
    ['tells home', status === undefined ? '' : Object.keys(status.fields).join(', ')],
    ['backed up', backup?.paths.join(', ') ?? 'nothing'],
    ['memory', needs.memory === '0' ? 'not said' : needs.memory],
  ];
  const lines = facts.flatMap(([what = '', value = '']) => (value === '' ? [] : [`  ${what.padEnd(14)}${value}`]));
  return [`All is well with "${overlay}": ${title.fr} / ${title.en}`, `  ${summary.fr}`, `  ${summary.en}`, ...lines];
}
