import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomically } from '../../kit/atomic-file.ts';
import type { Client, Operator } from '../workspace/schema.ts';

/** An address that is nobody's (RFC 5737): the trial's network has it. */
const HOME = '192.0.2.10';

/**
 * What makes a folder with a profile a trial's workspace: the operator's settings, with home where the trial's network has it, and one client, for whom
 * every service is as it is by itself: no real one's words get on the console.
 */
export async function writeTrialFiles(folder: string, operator: Operator, client: Pick<Client, 'client' | 'name' | 'profile'>): Promise<void> {
  const trial = { ...operator, vpn: { ...operator.vpn, endpoints: [`${HOME}:51820`] }, home: { url: `https://${HOME}:8443` } };
  await writeFileAtomically(join(folder, 'semeur.yaml'), stringify(trial));
  await writeFileAtomically(join(folder, '.gitignore'), '/secrets/\n/out/\n/home/\n');
  await writeFileAtomically(join(folder, 'clients', `${client.client}.yaml`), stringify(client));
}
