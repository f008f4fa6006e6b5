import { randomBytes } from 'node:crypto';
import { EXIT, Failure } from '../../kit/failure.ts';
import { makeVpnKey, readSecret, secretsFile, type VpnKey, writeSecret } from '../workspace/secrets.ts';
import { type ClientAccount, completeAccount, makeBackupKey, makeClientAccount } from './account.ts';
import { type ClientCode, makeClientCode } from './client-code.ts';

const DAY = 86_400_000;
/** A card that was not plugged in by then needs a new seed. */
export const TOKEN_DAYS = 90;
/** What `second` of 0.1.0 is called since overlays declare their accounts: its password is on paper, so it stays. */
const ID_OF_SECOND = 'chat';

/** What is one client's own, kept in secrets/clients/NAME.json. Made once: building again gives the same seed. */
export interface ClientKeys {
  /** Rises when keys are issued anew; a card takes a seed only if its generation is higher than the one it has. */
  readonly generation: number;
  readonly vpn: VpnKey;
  /** WireGuard's second, symmetric secret with the hub, base64. */
  readonly presharedKey: string;
  /** Good for one claim. */
  readonly token: string;
  /** ISO 8601. Stored, not computed anew, so that the seed stays the same; home alone judges it. */
  readonly tokenExpires: string;
  /** On the client's leaflet; the seed has its hash. */
  readonly code: ClientCode;
  /** On the leaflet as well; it stays theirs when seeds are issued anew. */
  readonly account: ClientAccount;
  /** For people whom a setting of a service names, by the account's id in its overlay. Made when they are named, and theirs from then on. */
  readonly accounts?: Readonly<Record<string, ClientAccount>>;
  /** What 0.1.0 made for every client, for the second person of the chat. */
  readonly second?: ClientAccount;
  /** Theirs too, on paper: with it they open their backups without us. */
  readonly backupKey: string;
  /** What was issued so far is good for nothing any more, for good: the next generation is. */
  readonly revoked?: true;
  /** Nobody asked for these: the token before had ended. Home takes them only where no card has called with that one. */
  readonly renewed?: true;
}

/** @returns undefined when nothing was issued yet. */
export async function findClientKeys(workspace: string, client: string): Promise<ClientKeys | undefined> {
  return readSecret<ClientKeys>(keysFile(workspace, client));
}

/** @param accounts ids of those that the client's services want besides the client's own. */
export async function ensureClientKeys(
  workspace: string,
  client: string,
  now: Date = new Date(),
  accounts: readonly string[] = [],
): Promise<ClientKeys> {
  const found = await findClientKeys(workspace, client);
  if (found?.code && found.account?.scram && found.backupKey && accounts.every((id) => findAccount(found, id))) return found;
  const own = await completeOwn(found, accounts);
  const keys = found ? { ...found, ...own } : makeClientKeys(1, now, own);
  await writeSecret(keysFile(workspace, client), keys);
  return keys;
}

/** The account of somebody whom a setting names. */
export function findAccount({ accounts = {}, second }: Pick<ClientKeys, 'accounts' | 'second'>, id: string): ClientAccount | undefined {
  if (Object.hasOwn(accounts, id)) return accounts[id];
  return id === ID_OF_SECOND ? second : undefined;
}

/** New keys and a new token in the place of those before, which home stops taking when it reads the order. */
export async function reissueClientKeys(workspace: string, client: string, now: Date = new Date()): Promise<ClientKeys> {
  const found = await requireClientKeys(workspace, client);
  const keys = makeClientKeys(found.generation + 1, now, await completeOwn(found));
  await writeSecret(keysFile(workspace, client), keys);
  return keys;
}

/** The same, where the token has ended and nobody asked. */
export async function renewClientKeys(workspace: string, client: string, now: Date): Promise<ClientKeys> {
  const found = await requireClientKeys(workspace, client);
  const keys: ClientKeys = { ...makeClientKeys(found.generation + 1, now, await completeOwn(found)), renewed: true };
  await writeSecret(keysFile(workspace, client), keys);
  return keys;
}

export async function revokeClientKeys(workspace: string, client: string): Promise<ClientKeys> {
  const keys: ClientKeys = { ...(await requireClientKeys(workspace, client)), revoked: true };
  await writeSecret(keysFile(workspace, client), keys);
  return keys;
}

async function requireClientKeys(workspace: string, client: string): Promise<ClientKeys> {
  const found = await findClientKeys(workspace, client);
  if (found) return found;
  throw new Failure(`Cannot find the keys of "${client}": nothing was issued to it yet`, {
    hint: `Make its card: semeur build ${client}`,
    exitCode: EXIT.usage,
  });
}

function keysFile(workspace: string, client: string): string {
  return secretsFile(workspace, 'clients', `${client}.json`);
}

/** What people know by heart, or have on paper. */
type Own = Pick<ClientKeys, 'code' | 'account' | 'accounts' | 'second' | 'backupKey'>;

/** What an older Semeur has not made yet is added. */
async function completeOwn(found: Partial<Own> = {}, wanted: readonly string[] = []): Promise<Own> {
  const missing = wanted.filter((id) => !findAccount(found, id));
  const made = await Promise.all(missing.map(async (id) => [id, await makeClientAccount()] as const));
  const accounts = { ...found.accounts, ...Object.fromEntries(made) };
  return {
    code: found.code ?? makeClientCode(),
    account: found.account ? await completeAccount(found.account) : await makeClientAccount(),
    ...(Object.keys(accounts).length > 0 ? { accounts } : {}),
    ...(found.second ? { second: found.second } : {}),
    backupKey: found.backupKey ?? makeBackupKey(),
  };
}

function makeClientKeys(generation: number, now: Date, own: Own): ClientKeys {
  return {
    generation,
    vpn: makeVpnKey(),
    presharedKey: randomBytes(32).toString('base64'),
    token: randomBytes(32).toString('base64url'),
    tokenExpires: new Date(now.getTime() + TOKEN_DAYS * DAY).toISOString(),
    ...own,
  };
}
