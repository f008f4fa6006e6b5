import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../kit/command.ts';

const DAY = 86_400_000;
const VALID_DAYS = 90;

export interface HostCa {
  /** "ssh-ed25519 AAAA…": what operators put in known_hosts behind "@cert-authority". */
  readonly publicKey: string;
  /** @returns a certificate for a card's host key, as one line, and when it ends. */
  sign(card: HostIdentity, now: number): Promise<HostCertificate>;
}

export interface HostIdentity {
  readonly client: string;
  readonly hostname: string;
  readonly address: string;
  readonly hostKey: string;
}

export interface HostCertificate {
  readonly line: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Home's own key that signs cards' host keys, made when it isn't there. It opens no card: it says which card is which. */
export async function openHostCa(folder: string): Promise<HostCa> {
  const file = join(folder, 'host_ca');
  if (!existsSync(file)) await makeKey(file);
  const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim().split(/\s+/).slice(0, 2).join(' ');
  return { publicKey, sign: (card, now) => sign(folder, file, card, now) };
}

/** Is it past half of its life? @param expires milliseconds since 1970. */
export function isHalfSpent(expires: number, now: number): boolean {
  return expires - now < (VALID_DAYS / 2) * DAY;
}

/** The private half last: half a pair is none, and is made again. */
async function makeKey(file: string): Promise<void> {
  const part = `${file}.part-${process.pid}`;
  await runCommand(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'semeur cards', '-f', part], {
    doing: "make the key of the cards' certificates",
  });
  await rename(`${part}.pub`, `${file}.pub`);
  await rename(part, file);
}

/** The beginning is early: a card's clock may be behind. */
async function sign(folder: string, ca: string, { client, hostname, address, hostKey }: HostIdentity, now: number): Promise<HostCertificate> {
  const work = await mkdtemp(join(folder, 'sign-'));
  try {
    const file = join(work, 'host.pub');
    await writeFile(file, `${hostKey}\n`, { mode: 0o600 });
    const names = [...new Set([hostname, `${hostname}.local`, address, client])].join(',');
    const expires = Math.floor(now / 1000) + VALID_DAYS * 86_400;
    const validity = `0x${(Math.floor(now / 1000) - 3600).toString(16)}:0x${expires.toString(16)}`;
    const argv = ['ssh-keygen', '-q', '-s', ca, '-h', '-I', client, '-n', names, '-V', validity, '-z', String(randomInt(2 ** 47)), file];
    await runCommand(argv, { doing: `sign the certificate of the card of "${client}"` });
    const [type = '', blob = ''] = (await readFile(join(work, 'host-cert.pub'), 'utf8')).split(' ');
    return { line: `${type} ${blob.trim()}`, expires: expires * 1000 };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
