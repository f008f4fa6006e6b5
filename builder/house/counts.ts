import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const count = z.number().int().nonnegative();
const schema = z.object({ files: count, passed: count, failed: count, skipped: count });

/** What the tests' reporter hands to the verb. A file that can't be loaded, a hook or a stray error counts as one failure. */
export type Counts = z.infer<typeof schema>;

/** @returns nothing when the run ended before it could count. */
export async function readCounts(file: string): Promise<Counts | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
}

/** The line that closes `semeur test`; scripts rely on its words. */
export function renderCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
