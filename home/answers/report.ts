import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';
import type { CardReport } from '../../protocol/requests.ts';
import { Refusal } from '../limits/refusal.ts';
import { findHostKey, keepReport } from '../store/reports.ts';
import { renderLines } from './claim.ts';
import type { Home } from './home.ts';

/** Each check is a program of its own: not too many at once. */
const MOST_CHECKS = 4;

/** What a card without a tunnel says of itself, signed with the host key that it claimed with. */
export function createReportAnswers(home: Home) {
  let checking = 0;
  return async (report: CardReport, raw: Buffer, signature: unknown, now: number): Promise<string> => {
    if (checking >= MOST_CHECKS) throw new Refusal('try-again');
    checking += 1;
    try {
      // A name that nobody has takes as long as one whose signature is wrong.
      const hostKey = findHostKey(home.database, report.client);
      const holds = await isSignedBy(home.folder, hostKey ?? home.hostCa.publicKey, raw, signature);
      if (!holds || hostKey === undefined) throw new Refusal('bad-signature');
    } finally {
      checking -= 1;
    }
    keepReport(home.database, report, now);
    home.log.info({ client: report.client }, 'report');
    return renderLines({ time: Math.floor(now / 1000) });
  };
}

/** @param signature the SSHSIG's base64, that is its armor's inner lines joined. */
async function isSignedBy(folder: string, publicKey: string, message: Buffer, signature: unknown): Promise<boolean> {
  if (typeof signature !== 'string' || !/^[A-Za-z0-9+/]{100,1000}={0,2}$/.test(signature)) return false;
  const work = await mkdtemp(join(folder, 'sign-'));
  try {
    const [signers, file] = [join(work, 'signers'), join(work, 'signature')];
    const armor = `-----BEGIN SSH SIGNATURE-----\n${signature.match(/.{1,70}/g)?.join('\n')}\n-----END SSH SIGNATURE-----\n`;
    await Promise.all([writeFile(signers, `card ${publicKey}\n`), writeFile(file, armor)]);
    await runCommand(['ssh-keygen', '-Y', 'verify', '-f', signers, '-I', 'card', '-n', 'semeur-report', '-s', file], { input: message });
    return true;
  } catch {
    return false;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
