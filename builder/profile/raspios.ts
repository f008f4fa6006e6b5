import { resolve } from 'node:path';
import { OFFICIAL_SOURCE, type OsImageSource } from '../raspios/os-image-source.ts';
import type { Operator } from '../workspace/schema.ts';

/** Where a workspace takes Raspberry Pi OS from; the official list where there is no workspace. */
export function raspiosSource(folder: string, operator: Pick<Operator, 'raspios'> | undefined): OsImageSource {
  const { list = OFFICIAL_SOURCE.list, keys, signers = [], signature } = operator?.raspios ?? {};
  return { list, keys: keys === undefined ? OFFICIAL_SOURCE.keys : resolve(folder, keys), signers, required: signature === 'required' };
}
