import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cacheFolder } from '../../kit/cache-folder.ts';
import type { Stage } from '../debian/stage.ts';
import { runInToolbox, withWorkFolder } from '../sandbox/sandbox.ts';
import type { Compressor } from './compressor.ts';
import { PREFIX_BLOCK_BYTES } from './prefix.ts';

const LEVEL = 6;

/** The toolbox's xz: every machine makes the same bytes, which xz's versions do not. */
export function createToolboxXz(toolbox: Stage): Compressor {
  const version = toolbox.set.debs.map(({ name }) => name.match(/^xz-utils_([^_]+)_/)?.[1]).find((found) => found !== undefined) ?? toolbox.key;
  return {
    name: `xz-${version}--${LEVEL}`,
    compress: (blocks, rawFile, intoFolder, { signal, note }) =>
      withWorkFolder(async (work) => {
        await writeFile(join(work.path, 'blocks'), blocks.map(({ index, sha256 }) => `${index} ${sha256}\n`).join(''));
        let done = 0;
        const args = [seenInside(rawFile), seenInside(intoFolder), String(LEVEL), String(PREFIX_BLOCK_BYTES)];
        await runInToolbox(toolbox.tar, work, 'compress.sh', args, {
          doing: 'compress the image',
          signal,
          onLine: () => note(`${++done} of ${blocks.length} blocks`),
        });
      }),
  };
}

function seenInside(path: string): string {
  return join('/cache', relative(cacheFolder(), path));
}
