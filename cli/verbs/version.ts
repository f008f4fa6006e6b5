import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findCheckout } from '../../builder/house/checkout.ts';
import { findCommit } from '../../builder/house/semeur-source.ts';
import type { Report } from '../../kit/session.ts';

/** Which Semeur this is: "0.1.0 (5917c80)", without the commit where it is no git checkout. */
export async function tellVersion(): Promise<Report> {
  const { version } = JSON.parse(await readFile(join(findCheckout(), 'package.json'), 'utf8')) as { version: string };
  const commit = await findCommit();
  return { json: { version, commit: commit ?? null }, text: [commit === undefined ? version : `${version} (${commit.slice(0, 7)})`] };
}
