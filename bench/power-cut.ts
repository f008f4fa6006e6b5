import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { withWorkFolder } from '../builder/sandbox/sandbox.ts';
import { loadWorkspace } from '../builder/workspace/load.ts';
import { SILENT } from '../cli/terminal/progress.ts';
import { runLanes } from '../kit/lanes.ts';
import { buildBenchCard } from './bench-card.ts';
import type { Benchmark } from './benchmark.ts';
import { bootAfterCut, planCuts, recordFirstBoot } from './power-cut-states.ts';

const CUTS = 40;
/** A machine that starts up keeps one processor busy, and at times another. */
const LANES = 2;

/** Killing QEMU is no power cut: what it wrote is safe with the host. So disks are put together from a log of what the card wrote. */
export const powerCutBenchmark: Benchmark = {
  name: 'power-cut',
  title: `the power cut at ${CUTS} moments of a first boot, unflushed writes dropped and reordered: how many cards come out well at the next boot`,
  run: (session) =>
    withWorkFolder(async (work) => {
      const { workspace: folder, image } = await buildBenchCard(session, 'lherbier');
      const workspace = await loadWorkspace(folder);
      const record = join(work.path, 'record');
      await mkdir(record);
      const recording = await session.progress.step('Recording a first boot', () => recordFirstBoot(session, workspace, image, record));
      const cuts = planCuts(recording, CUTS);
      // Two machines run at once: only their results are told.
      const quiet = { ...session, progress: SILENT };
      const results = await session.progress.step(`Booting ${cuts.length} cards after a cut`, async (note) => {
        let done = 0;
        return runLanes(cuts, LANES, async (cut, index) => {
          const wrong = await bootAfterCut(quiet, workspace, image, recording, cut, join(work.path, `cut-${index}`));
          note(`${++done} of ${cuts.length}, ${cut.name}: ${describeEnd(wrong)}`);
          return { name: cut.name, writes: cut.count, wrong };
        });
      });
      await cp(join(record, 'record.txt'), join(folder, 'power-cut.log'));
      const well = results.filter(({ wrong }) => wrong.length === 0).length;
      return {
        columns: ['the power goes after', 'writes', ''],
        rows: [
          ...results.map(({ name, writes, wrong }) => [name, String(writes), describeEnd(wrong)]),
          ['all', String(recording.requests.length), `${well} of ${results.length} well`],
        ],
        json: { cuts: results, well },
      };
    }),
};

function describeEnd(wrong: readonly string[]): string {
  return wrong.length === 0 ? 'well' : wrong.join('; ').slice(0, 200);
}
