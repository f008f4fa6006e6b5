import type { Command } from 'commander';
import { compareReleases, type ReleaseDifference } from '../../builder/release/comparing/compare-releases.ts';
import type { LockChanges, PackageChanges } from '../../builder/release/notes/lock-changes.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import type { Report } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

/** Under `release`: what somebody who has one release fetches of the next. */
export function addReleaseDiff(release: Command, run: RunVerb): void {
  release
    .command('diff')
    .argument('<before>', 'the folder of a release')
    .argument('<after>', 'the folder of the next one')
    .description('which blocks and packages of a release are other than in the one before, and how much there is to fetch')
    .addHelpText(
      'after',
      examples('semeur release diff releases/2026-09 releases/2026-10', 'semeur release diff releases/2026-09 out/release --json'),
    )
    .action((before: string, after: string) => run(() => reportDifference(before, after)));
}

async function reportDifference(before: string, after: string): Promise<Report> {
  const difference = await compareReleases(before, after);
  return { json: difference, text: [...describeBlocks(difference), ...describeLocks(difference.packages)] };
}

function describeBlocks({ before, after, blocks, bytes, ranges }: ReleaseDifference): string[] {
  const { length } = blocks.changed;
  const names = before.profile === after.profile ? after.profile : `${before.profile} → ${after.profile}`;
  const share = `${formatByteSize(bytes.fetched)} of ${formatByteSize(bytes.all)}`;
  return [
    `${names}: ${length} of ${blocks.all} blocks changed${length === 0 ? '' : `: ${describeNumbers(blocks.changed)}`}`,
    `To fetch: ${share}, in ${ranges.length} ${ranges.length === 1 ? 'range' : 'ranges'} of ${after.profile}.img.xz`,
  ];
}

/** @param numbers in order. @returns "0-3, 17". */
function describeNumbers(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}

function describeLocks({ card, toolbox, image, containers = [] }: LockChanges): string[] {
  const [from, to] = [image?.from, image?.to].map((one) => (one === undefined ? 'none' : `${one.suite} ${one.release ?? one.image.sha256}`));
  return [
    ...(image === undefined ? [] : [`Operating system image: ${from} → ${to}`]),
    ...containers.map(({ overlay, from, to }) => `Container app "${overlay}": ${from ?? 'none'} → ${to ?? 'none'}`),
    ...describePackages('On the card', card),
    ...describePackages('In the toolbox', toolbox),
  ];
}

function describePackages(title: string, { added, removed, replaced }: PackageChanges): string[] {
  const lines = [
    ...replaced.map(
      ({ name, from, to, how }) => `  ${name} ${how === 'rebuilt' ? `${to}, built anew` : `${from} → ${to}`}${how === 'went back' ? ', older' : ''}`,
    ),
    ...added.map(({ name, version }) => `  + ${name} ${version}`),
    ...removed.map(({ name, version }) => `  - ${name} ${version}`),
  ];
  return lines.length === 0 ? [`${title}: the same packages`] : [`${title}:`, ...lines];
}
