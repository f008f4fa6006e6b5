import type { Command } from 'commander';
import { describeType, MBR_BYTES, type Partition, parsePartitions } from '../../builder/disk/partitions.ts';
import { type ComposedImage, readComposed, readRegion } from '../../builder/image/composed.ts';
import { readHead } from '../../builder/image/decode.ts';
import { HEADER_BYTES, parseHeader, type SeedHeader } from '../../builder/seed/header.ts';
import { formatByteSize } from '../../kit/byte-size.ts';
import { Failure } from '../../kit/failure.ts';
import type { Report } from '../../kit/session.ts';
import { examples } from './examples.ts';
import type { RunVerb } from './verb.ts';

export function addInspect(program: Command, run: RunVerb): void {
  program
    .command('inspect')
    .argument('<image>', 'an .img, .img.xz or .img.zst, or a .seed')
    .description('what an image is: partitions, and whose seed it holds; never a secret')
    .addHelpText('after', examples('semeur inspect out/durand.img.xz', 'semeur inspect out/durand.seed --json'))
    .action((image: string) => run(() => inspect(image)));
}

async function inspect(file: string): Promise<Report> {
  const image = await readComposed(file);
  const alone = parseHeader(await readHead(file, 'img', HEADER_BYTES));
  if (alone) return { json: { file, seed: alone }, text: [`A seed: ${describeSeed(alone)}`] };
  const partitions = parsePartitions(await readHead(file, image.format, MBR_BYTES));
  if (!partitions)
    throw new Failure(`Cannot inspect "${file}": it holds neither an image nor a seed`, { hint: 'Images and seeds are in the out/ folder' });
  const region = await readRegion(file);
  const seed = region ? parseHeader(region.subarray(0, HEADER_BYTES)) : undefined;
  const { format, bytes, extractedBytes, oneStream } = image;
  return {
    json: { file, format, bytes, extractedBytes, oneStream, partitions, seed: seed ?? null },
    text: describe(image, partitions, region, seed),
  };
}

function describe(
  { format, bytes, extractedBytes, oneStream }: ComposedImage,
  partitions: readonly Partition[],
  region: Buffer | undefined,
  seed?: SeedHeader,
) {
  const size = format === 'img' ? formatByteSize(bytes) : `${formatByteSize(bytes)} as ${format}, ${formatByteSize(extractedBytes)} on the card`;
  const rows = partitions.map(
    ({ number, type, start, bytes: length }) =>
      `Partition ${number}: ${describeType(type)}, ${formatByteSize(length)}, from ${formatByteSize(start)} on`,
  );
  const streams = oneStream ? [] : ['More than one xz stream: some flashers stop after the first'];
  return [`Image: ${size}`, ...streams, ...rows, `Seed: ${seed ? describeSeed(seed) : describeRegion(region)}`];
}

function describeSeed({ client, profile, generation, signer }: SeedHeader): string {
  return `client "${client}", profile "${profile}", generation ${generation}, signed by ${signer} (not checked: semeur verify does)`;
}

function describeRegion(region: Buffer | undefined): string {
  if (!region) return 'none that Semeur wrote';
  return region.every((byte) => byte === 0) ? 'none: the public image of a profile' : 'none, but the last 4 MiB are not empty';
}
