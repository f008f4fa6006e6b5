import { type Command, InvalidArgumentError } from 'commander';
import { baseBenchmark } from '../../bench/base.ts';
import type { Benchmark } from '../../bench/benchmark.ts';
import { bootBenchmark } from '../../bench/boot.ts';
import { downloadBenchmark } from '../../bench/download.ts';
import { heartbeatsBenchmark } from '../../bench/heartbeats.ts';
import { idleBenchmark } from '../../bench/idle.ts';
import { powerCutBenchmark } from '../../bench/power-cut.ts';
import { profileBenchmark } from '../../bench/profile.ts';
import { releaseBenchmark } from '../../bench/release.ts';
import { stampBenchmark } from '../../bench/stamp.ts';
import type { Report, Session } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

const BENCHMARKS: readonly Benchmark[] = [
  stampBenchmark,
  baseBenchmark,
  profileBenchmark,
  releaseBenchmark,
  heartbeatsBenchmark,
  downloadBenchmark,
  bootBenchmark,
  powerCutBenchmark,
  idleBenchmark,
];

export function addBench(program: Command, run: RunVerb): void {
  program
    .command('bench')
    .argument('[name]', BENCHMARKS.map(({ name }) => name).join(' or '), readName)
    .description('measurements, side by side with what a user would do otherwise; without a name, the list of them')
    .addHelpText('after', `\n${BENCHMARKS.map(({ name, title }) => `  ${name.padEnd(12)}${title}`).join('\n')}`)
    .addHelpText('after', examples('semeur bench', 'semeur bench idle'))
    .action((benchmark: Benchmark | undefined) => run((session) => (benchmark ? measure(session, benchmark) : Promise.resolve(list()))));
}

function readName(text: string): Benchmark {
  const benchmark = BENCHMARKS.find(({ name }) => name === text);
  if (!benchmark) throw new InvalidArgumentError(`There are: ${BENCHMARKS.map(({ name }) => name).join(', ')}.`);
  return benchmark;
}

function list(): Report {
  return { json: BENCHMARKS.map(({ name, title }) => ({ name, title })), text: BENCHMARKS.map(({ name, title }) => `${name.padEnd(12)}${title}`) };
}

async function measure(session: Session, benchmark: Benchmark): Promise<Report> {
  const { columns, rows, json } = await benchmark.run(session);
  const widths = columns.map((head, index) => Math.max(head.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0))).join('  ');
  return { json: { bench: benchmark.name, result: json }, text: [benchmark.title, '', line(columns), ...rows.map(line)] };
}
