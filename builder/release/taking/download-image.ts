import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatByteSize } from '../../../kit/byte-size.ts';
import { hashFile } from '../../../kit/hash-file.ts';
import type { Session } from '../../../kit/session.ts';
import { REGION_BYTES } from '../../../protocol/sizes.ts';
import { fetchRange } from '../../fetch/fetch-document.ts';
import { composeTail } from '../../image/compose.ts';
import { type Prefix, prefixFile } from '../../image/prefix.ts';
import { XZ_HEADER_BYTES } from '../../image/xz-format.ts';
import type { Sum } from '../folder/sums.ts';
import { compareBlocks, downloadRanges } from './block-sources.ts';
import { downloadFiles, type SignedList } from './download-release.ts';

/**
 * Downloads a release's image into `folder`: of what an earlier one has as well, nothing.
 * @param before a prefix in the cache, perhaps of an earlier release.
 * @returns how many bytes were fetched.
 */
export async function downloadImage(
  session: Session,
  list: SignedList,
  { sum, after, before, folder }: { readonly sum: Sum; readonly after: Prefix; readonly before: Prefix | undefined; readonly folder: string },
): Promise<number> {
  const all = after.xz?.bytes ?? 0;
  const fetched = before && (await assemble(session, `${list.url}/${sum.path}`, before, after, join(folder, sum.path)));
  // Another xz may have made other bytes of the same block: then the whole tells.
  if (fetched !== undefined && (await hashFile(join(folder, sum.path), session.signal)) === sum.sha256) return fetched;
  await rm(join(folder, sum.path), { force: true });
  await downloadFiles(session, list, [sum], folder);
  return all;
}

/** @returns undefined where the server gives no parts of files, or there is nothing to reuse. */
async function assemble({ progress, signal }: Session, url: string, before: Prefix, after: Prefix, file: string): Promise<number | undefined> {
  const sources = compareBlocks(before, after);
  const wanted = downloadRanges(sources).reduce((sum, { bytes }) => sum + bytes, 0);
  if (sources.every(({ from }) => from === 'download')) return undefined;
  const old = await open(prefixFile(before.digest, 'xz')).catch(() => undefined);
  if (!old) return undefined;
  const made = await open(file, 'wx');
  try {
    return await progress.step(`Downloading what changed: ${formatByteSize(wanted)} of ${formatByteSize(after.xz?.bytes ?? 0)}`, async (note) => {
      const read = async (first: number, bytes: number) => (await old.read(Buffer.alloc(bytes), 0, bytes, first)).buffer;
      await made.write(await read(0, XZ_HEADER_BYTES));
      let fetched = 0;
      for (const source of sources) {
        signal.throwIfAborted();
        const block = source.from === 'old' ? await read(source.at, source.bytes) : await fetchRange({ signal }, url, source);
        if (!block) return undefined;
        if (source.from === 'download') fetched += source.bytes;
        note(`${formatByteSize(fetched)} of ${formatByteSize(wanted)}`);
        await made.write(block);
      }
      await made.write((await composeTail(after, Buffer.alloc(REGION_BYTES), 'xz')).tail);
      return fetched;
    });
  } finally {
    await old.close();
    await made.close();
  }
}
