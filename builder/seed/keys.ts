import { randomBytes } from 'node:crypto';
import { makeVpnKey, readSecret, secretsFile, type VpnKey, writeSecret } from '../workspace/secrets.ts';

const DAY = 86_400_000;
/** A card that was not plugged in by then needs a new seed. */
const TOKEN_DAYS = 90;

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
}

export async function ensureClientKeys(workspace: string, client: string, now: Date = new Date()): Promise<ClientKeys> {
  const file = secretsFile(workspace, 'clients', `${client}.json`);
  const found = await readSecret<ClientKeys>(file);
  if (found) return found;
  const keys = makeClientKeys(1, now);
  await writeSecret(file, keys);
  return keys;
}

function makeClientKeys(generation: number, now: Date): ClientKeys {
  return {
    generation,
    vpn: makeVpnKey(),
    presharedKey: randomBytes(32).toString('base64'),
    token: randomBytes(32).toString('base64url'),
    tokenExpires: new Date(now.getTime() + TOKEN_DAYS * DAY).toISOString(),
  };
}
