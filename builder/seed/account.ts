import { createHash, createHmac, pbkdf2Sync, randomBytes, randomInt } from 'node:crypto';
import { bcrypt } from 'hash-wasm';

/** The same signs as the client code's, none of which sounds or looks like another; in small letters, since telephones begin with them. */
const SIGNS = 'abcdefghjkmnpqrstvwxyz23456789';
const GROUP = 4;
/** Work that slows a guesser down is for passwords that people choose: this one has 58 bits, all of them by chance. */
const COST = 5;
/** The least that RFC 7677 takes, for the same reason. */
const ROUNDS = 4096;

/** One for everything on the card that only its people may open. Its name is the client's. */
export interface ClientAccount {
  /** "k7qe-m2xa-9tdb": on the leaflet; the seed has the hash alone. */
  readonly password: string;
  /** "$2a$05$…" */
  readonly bcrypt: string;
  /** For programs that never see the password, such as a chat server. */
  readonly scram: Scram;
}

/** What a server keeps to log somebody in by SCRAM-SHA-256 (RFC 5802, RFC 7677): with it nobody can log in elsewhere. */
export interface Scram {
  readonly rounds: number;
  /** The salt goes into the hash as these letters, not as what they would stand for. */
  readonly salt: string;
  /** Hex, as the next. */
  readonly storedKey: string;
  readonly serverKey: string;
}

export async function makeClientAccount(): Promise<ClientAccount> {
  return completeAccount({ password: makeWords(3) });
}

/** What an older Semeur has not made yet is added. */
export async function completeAccount({ password, ...made }: Pick<ClientAccount, 'password'> & Partial<ClientAccount>): Promise<ClientAccount> {
  return {
    password,
    bcrypt: made.bcrypt ?? (await bcrypt({ password, salt: randomBytes(16), costFactor: COST, outputType: 'encoded' })),
    scram: made.scram ?? deriveScram(password, randomBytes(16).toString('hex')),
  };
}

export function deriveScram(password: string, salt: string | Buffer, rounds: number = ROUNDS): Scram {
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256');
  const keyOf = (what: string) => createHmac('sha256', salted).update(what).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('hex');
  return { rounds, salt: String(salt), storedKey, serverKey: keyOf('Server Key').toString('hex') };
}

/** What the client's backups are encrypted with: 137 bits, for whoever has the disk has all the time in the world. */
export function makeBackupKey(): string {
  return makeWords(7);
}

function makeWords(count: number): string {
  const word = () => Array.from({ length: GROUP }, () => SIGNS[randomInt(SIGNS.length)]).join('');
  return Array.from({ length: count }, word).join('-');
}
