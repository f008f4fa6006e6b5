import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import { whyNoService } from './service-card.ts';

/** A server that backups go to, as far as a card sees it: OpenSSH's. */
export interface SftpServer {
  /** What whoever logs in finds. */
  readonly files: string;
  stop(): Promise<void>;
}

/** Why there can be none here; undefined when there can. */
export async function whyNoSftpServer(): Promise<string | undefined> {
  return process.getuid?.() === 0 ? whyNoService('sshd') : 'only root can run sshd';
}

/**
 * Starts one on port 22, for one key, by which root may come and do nothing but SFTP.
 * @param enter the words before a command that is to run in a network of its own, where port 22 is nobody's.
 * @param folder for its configuration, its key and its files; those of an earlier one stay.
 * @param publicKey as in authorized_keys.
 */
export async function startSftpServer(enter: readonly string[], folder: string, address: string, publicKey: string): Promise<SftpServer> {
  const [files, key] = [join(folder, 'files'), join(folder, 'host_key')];
  await mkdir(files, { recursive: true });
  await writeFile(join(folder, 'authorized_keys'), publicKey);
  await runCommand(['sh', '-c', '[ -e "$1" ] || ssh-keygen -q -t ed25519 -N "" -f "$1"', 'sh', key]);
  await writeFile(join(folder, 'sshd_config'), configuration(folder, address));
  const [stop, listening] = [new AbortController(), Promise.withResolvers<void>()];
  // It starts only by its whole path, and puts strangers into an empty folder that has to be there.
  const start = 'PATH=$PATH:/usr/sbin && mkdir -p /run/sshd && exec "$(command -v sshd)" -D -e -f "$1"';
  const sshd = runCommand([...enter, 'sh', '-c', start, 'sh', join(folder, 'sshd_config')], {
    signal: stop.signal,
    onLine: (line) => line.startsWith('Server listening on') && listening.resolve(),
  });
  sshd.catch(listening.reject);
  await listening.promise;
  return {
    files,
    async stop() {
      stop.abort();
      await sshd.catch(() => undefined);
    },
  };
}

/** Nothing of the machine's own: neither its configuration nor its PAM. */
function configuration(folder: string, address: string): string {
  return `ListenAddress ${address}:22
HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/authorized_keys
# Temporary folders are everybody's.
StrictModes no
PidFile none
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d ${folder}/files
`;
}
