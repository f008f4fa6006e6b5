import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { secretsFile } from '../workspace/secrets.ts';

/** A clock may differ by as much. */
const BACK_MINUTES = 15;
const VALID_MINUTES = 10;

export interface UserCertificateOptions {
  readonly workspace: string;
  /** The card that it opens: its sshd asks for this principal. */
  readonly client: string;
  /** Where the operator must come from, as ssh-keygen's source-address: "fd…::/80,fd…::1/128". */
  readonly sourceAddresses: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Makes a key for one visit and signs it with the operators' CA, for minutes; both are gone when `task` ends.
 * The certificate names who visits: the card writes that into the log that its client reads.
 * @param task is given the private key's file, with the certificate beside it, and the folder, for files of its own.
 */
export async function withUserCertificate<T>(options: UserCertificateOptions, task: (key: string, folder: string) => Promise<T>): Promise<T> {
  const { workspace, client, sourceAddresses, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'semeur-ssh-'));
  const key = join(folder, 'key');
  try {
    await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'semeur visit', '-f', key], { doing: 'make a key for the visit', signal });
    const who = `${ownName()}@${hostname()}`;
    const limits = ['-V', `-${BACK_MINUTES}m:+${VALID_MINUTES}m`, '-O', `source-address=${sourceAddresses.join(',')}`];
    await runCommand(['ssh-keygen', '-q', '-s', secretsFile(workspace, 'user_ca'), '-I', who, '-n', client, ...limits, `${key}.pub`], {
      doing: 'sign a certificate for the visit',
      signal,
    });
    return await task(key, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Some containers run as a user that has no name. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

/** @returns a known_hosts file that trusts home's CA to say which card is which. */
export async function writeKnownHosts(folder: string, host: string, caKey: string): Promise<string> {
  const file = join(folder, 'known_hosts');
  await writeFile(file, `@cert-authority ${host} ${caKey}\n`);
  return file;
}
