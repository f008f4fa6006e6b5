import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../kit/atomic-file.ts';

const draftSchema = z.object({
  /** Which questions were being asked. */
  task: z.string(),
  /** The client or profile that this task is about. */
  subject: z.string(),
  saved: z.iso.datetime(),
  answers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});
export type Draft = z.output<typeof draftSchema>;

/** What was typed in a folder and not yet written: never with passwords, and only for the one who typed it. */
export async function saveDraft(folder: string, draft: Omit<Draft, 'saved'>): Promise<void> {
  const file = draftFile(folder);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomically(file, `${JSON.stringify({ ...draft, saved: new Date().toISOString() })}\n`, { mode: 0o600 });
}

/** @returns undefined where there is none, or one that can't be read any more. */
export async function readDraft(folder: string): Promise<Draft | undefined> {
  const text = await readFile(draftFile(folder), 'utf8').catch(() => '{}');
  try {
    return draftSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export async function dropDraft(folder: string): Promise<void> {
  await rm(draftFile(folder), { force: true });
}

/** One for each folder, below $XDG_STATE_HOME (XDG Base Directory Specification). */
function draftFile(folder: string): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(state, 'semeur', 'drafts', `${name}.json`);
}
