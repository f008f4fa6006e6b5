import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { basesFrom, platformOf } from '../platform/platforms.ts';
import type { Entry } from './entries.ts';
import type { Finding } from './finding.ts';
import type { Operator, Profile } from './schema.ts';

/** What a profile says of Raspberry Pi OS: whether it goes together, and whether its image is there. */
export async function checkRaspios(folder: string, { source, known: { base, raspios } }: Entry<Profile>): Promise<Finding[]> {
  if (raspios === undefined) return [];
  const findings: Finding[] = [];
  if (base !== undefined && platformOf(base).origin !== 'image') {
    const hint = `Leave "raspios" out, or take the base "${basesFrom('image').join('" or "')}"`;
    findings.push(source.errorAtKey(['raspios'], `The base "${base}" is no Raspberry Pi OS`, hint));
  }
  const { image, release } = raspios;
  if (image !== undefined && release !== undefined) {
    findings.push(source.errorAtKey(['raspios', 'release'], 'An image of your own has no release in the list', 'Leave "image" or "release" out'));
  }
  if (image !== undefined && !(await exists(folder, image))) {
    findings.push(source.error(['raspios', 'image'], `Cannot find "${image}"`, 'The path begins at the folder of the workspace'));
  }
  return findings;
}

export async function checkKeys(folder: string, { source, known: { raspios } }: Entry<Operator>): Promise<Finding[]> {
  const keys = raspios?.keys;
  if (keys === undefined || (await exists(folder, keys))) return [];
  return [source.error(['raspios', 'keys'], `Cannot find "${keys}"`, 'The path begins at the folder of the workspace')];
}

async function exists(folder: string, path: string): Promise<boolean> {
  return access(join(folder, path)).then(
    () => true,
    () => false,
  );
}
