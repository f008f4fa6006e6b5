import { tryService } from '../../builder/cards/try-service.ts';
import { BUILT_IN } from '../../builder/workspace/built-in.ts';
import { findWorkspace } from '../../builder/workspace/find.ts';
import { type LoadedWorkspace, loadWorkspace } from '../../builder/workspace/load.ts';
import type { Overlay } from '../../builder/workspace/overlay-schema.ts';
import { suggestHint } from '../../builder/workspace/rules/suggest.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import type { Report, Session } from '../../kit/session.ts';

/** Boots a card that has this service alone, beside a home of its own, and examines it over SSH. */
export async function testOverlay(session: Session, name: string): Promise<Report> {
  const workspace = await loadWorkspace(findWorkspace(session));
  return reportExamination(name, await tryService(session, workspace, findService(workspace, name)));
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
