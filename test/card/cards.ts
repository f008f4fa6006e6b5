import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientManifest } from '../../builder/image/client-image.ts';
import { loadPrefix, type Prefix } from '../../builder/image/prefix.ts';
import { runCommand } from '../../kit/command.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { tellWhole } from '../whole-failure.ts';

export const CHECKOUT = join(import.meta.dirname, '../..');

/** The example co-operative, built once for all tests that look at cards, in out/test/ (like the demo's, it is quick the second time). */
export const CARDS = join(CHECKOUT, 'out', 'test');

/** @throws {Error} with all that it said, when it fails. */
export async function semeur(...args: readonly string[]): Promise<string> {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', join(CHECKOUT, 'cli/main.ts'), ...args];
  return (await runCommand(argv).catch(tellWhole)).toString('utf8');
}

/** Builds the three clients. @returns their manifests by name. */
export async function buildCards(...options: readonly string[]): Promise<Map<string, ClientManifest>> {
  const report = await oneAtATime(`${CARDS}.lock`, async () => {
    await mkdir(CARDS, { recursive: true });
    await cp(join(CHECKOUT, 'examples'), CARDS, { recursive: true });
    return JSON.parse(await semeur('build', '--all', '--json', '--workspace', CARDS, ...options));
  });
  return new Map(report.clients.map((manifest: ClientManifest) => [manifest.client, manifest]));
}

export async function loadCardsPrefix({ prefix: digest }: ClientManifest): Promise<Prefix> {
  const prefix = await loadPrefix(digest);
  if (!prefix) throw new Error('the prefix that was just built is not in the cache');
  return prefix;
}

/** Everything in secrets/ that must be nowhere but in its own client's seed. */
export async function readSecrets(client: string): Promise<string[]> {
  const keys = JSON.parse(await readFile(join(CARDS, 'secrets', 'clients', `${client}.json`), 'utf8'));
  return [keys.vpn.privateKey, keys.presharedKey, keys.token];
}
