import { runCommand } from '../../kit/command.ts';
import { EXIT, Failure } from '../../kit/failure.ts';
import { findCheckout } from './checkout.ts';

/**
 * Where another machine can fetch the Semeur that runs here.
 * @param url in place of the address that this checkout came from.
 * @throws {Failure} when that is no public address, or when this is no git checkout.
 */
export async function findSemeurSource(url: string | undefined, checkout = findCheckout()): Promise<{ url: string; commit: string }> {
  const commit = await findCommit(checkout);
  if (commit === undefined) {
    throw new Failure(`Cannot tell which Semeur this is: "${checkout}" is no git checkout of yours`, {
      hint: 'Start Semeur from a clone of its repository: CI fetches the same commit',
      exitCode: EXIT.usage,
    });
  }
  const address = url ?? (await askGit(checkout, ['remote', 'get-url', 'origin']));
  if (address !== undefined && isPublic(address)) return { url: address, commit };
  // An address may hold a password: it is not told.
  throw new Failure(
    `Cannot tell CI where to fetch Semeur: ${url === undefined ? 'the remote "origin" of this checkout' : 'this'} is no public address`,
    {
      hint: 'Name one with --semeur https://…, without user name and password',
      exitCode: EXIT.usage,
    },
  );
}

/** Undefined where this is no git checkout, or there is no git. */
export async function findCommit(checkout = findCheckout()): Promise<string | undefined> {
  return askGit(checkout, ['rev-parse', 'HEAD']);
}

async function askGit(checkout: string, args: readonly string[]): Promise<string | undefined> {
  const argv = ['git', '-C', checkout, '-c', `safe.directory=${checkout}`];
  // Unpacked inside of another repository, it is none itself.
  const top = await runCommand([...argv, 'rev-parse', '--show-prefix']).catch(() => undefined);
  if (top === undefined || top.toString('utf8').trim() !== '') return undefined;
  const said = await runCommand([...argv, ...args]).catch(() => undefined);
  return said?.toString('utf8').trim();
}

function isPublic(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password } = new URL(address);
  return protocol === 'https:' && username === '' && password === '';
}
