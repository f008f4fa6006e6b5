import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../../kit/atomic-file.ts';
import { EXIT, Failure } from '../../../kit/failure.ts';
import { checkSignature, fingerprintOf, signBytes } from '../../../kit/ssh-signature.ts';
import { PRINCIPAL, RELEASE_NAMESPACE, readPublicKey, renderSigner } from './signers.ts';

/** In a workspace and in each release: how the key that signs came to be another, statement after statement. */
export const KEY_STATEMENTS = 'release-keys.txt';
/** More than the keys of a hundred years; each statement costs its reader a run of ssh-keygen or two, before anything is known to be signed. */
export const MOST_STATEMENT_BYTES = 256 * 1024;
/** A release's signature is none on a key, nor the other way round. */
const NAMESPACE = 'semeur-release-key';

/** One key hands over to the next; both have signed the text. */
interface KeyStatement {
  readonly from: string;
  readonly to: string;
  /** The four lines that are signed. */
  readonly text: string;
  readonly signatures: { readonly from: string; readonly to: string };
}

/**
 * Adds a statement, signed by the old key and by the new one, that releases are signed by the new one from `date` on. Whoever trusts the old key follows it.
 * @param date as "2026-11-26". @returns the fingerprints.
 */
export async function rotateKey(workspace: string, keys: { from: string; to: string }, date: string, signal: AbortSignal) {
  const file = join(workspace, KEY_STATEMENTS);
  const before = await readFile(file, 'utf8').catch(() => '');
  const [from, to] = [await readPublicKey(keys.from), await readPublicKey(keys.to)];
  if (from === to) throw new Failure('Cannot hand over from a key to itself', { hint: 'Make another key first', exitCode: EXIT.usage });
  const last = parseStatements(before).at(-1);
  if (last && last.to !== from) {
    throw new Failure(`Cannot hand over from ${fingerprintOf(from)}: releases are signed by ${fingerprintOf(last.to)} since the last statement`, {
      hint: `See ${KEY_STATEMENTS} of the workspace`,
      exitCode: EXIT.usage,
    });
  }
  const text = `semeur release key\nfrom ${from}\nto ${to}\non ${date}\n`;
  const [ofOld = ''] = await signBytes([Buffer.from(text)], { namespace: NAMESPACE, keyFile: keys.from, signal });
  const [ofNew = ''] = await signBytes([Buffer.from(text)], { namespace: NAMESPACE, keyFile: keys.to, signal });
  await writeFileAtomically(file, `${before}${text}${ofOld}${ofNew}`);
  return { from: fingerprintOf(from), to: fingerprintOf(to) };
}

/**
 * Whom to trust besides: each key that a trusted one has handed over to, and that has accepted.
 * @param allowedSigners content of an allowed_signers file. @param statements content of release-keys.txt.
 * @returns the same with a line more for each.
 */
export async function followRotations(allowedSigners: string, statements: string, signal: AbortSignal): Promise<string> {
  let trusted = allowedSigners;
  for (const { from, to, text, signatures } of parseStatements(statements)) {
    const options = { namespace: NAMESPACE, principal: PRINCIPAL, signal };
    const check = (signature: string, signers: string) => checkSignature(Buffer.from(text), signature, { ...options, allowedSigners: signers });
    const isOld = (await check(signatures.from, forKeys(trusted))) === fingerprintOf(from);
    const isNew = isOld && (await check(signatures.to, forKeys(`${renderSigner(to)}\n`))) === fingerprintOf(to);
    if (isNew) trusted += `${renderSigner(to)}\n`;
  }
  return trusted;
}

/** The same keys, for the purpose of handing over; one that counts for other things alone, as commits, hands over nothing. */
function forKeys(allowedSigners: string): string {
  return allowedSigners.replaceAll(/namespaces="([^"]*)"/g, (option, names: string) =>
    names.split(',').includes(RELEASE_NAMESPACE) ? `namespaces="${NAMESPACE}"` : option,
  );
}

function parseStatements(text: string): KeyStatement[] {
  const armor = '-----BEGIN SSH SIGNATURE-----\\n[A-Za-z0-9+/=\\n]+\\n-----END SSH SIGNATURE-----\\n';
  const statement = new RegExp(`(semeur release key\\nfrom (\\S+ \\S+)\\nto (\\S+ \\S+)\\non \\d{4}-\\d{2}-\\d{2}\\n)(${armor})(${armor})`, 'gy');
  const found = text.length > MOST_STATEMENT_BYTES ? [] : [...text.matchAll(statement)];
  if (found.reduce((sum, [whole]) => sum + whole.length, 0) !== text.length) {
    throw new Failure(`Cannot read "${KEY_STATEMENTS}": it is damaged`, { hint: 'Take it back from your repository, or download the release again' });
  }
  return found.map(([, signed = '', from = '', to = '', ofOld = '', ofNew = '']) => ({
    from,
    to,
    text: signed,
    signatures: { from: ofOld, to: ofNew },
  }));
}
