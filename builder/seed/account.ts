import { randomBytes, randomInt } from 'node:crypto';
import { bcrypt } from 'hash-wasm';

/** As the client code's: nothing that sounds or looks like another sign of it. Small letters, since telephones begin with them. */
const SIGNS = 'abcdefghjkmnpqrstvwxyz23456789';
const GROUP = 4;
/** Work that slows a guesser down is for passwords that people choose: this one has 58 bits, all of them by chance. */
const COST = 5;

/** One for everything on the card that only its people may open. Its name is the client's. */
export interface ClientAccount {
  /** "k7qe-m2xa-9tdb": on the leaflet; the seed has the hash alone. */
  readonly password: string;
  /** "$2a$05$…" */
  readonly bcrypt: string;
}

export async function makeClientAccount(): Promise<ClientAccount> {
  const password = makeWords(3);
  return { password, bcrypt: await bcrypt({ password, salt: randomBytes(16), costFactor: COST, outputType: 'encoded' }) };
}

/** What the client's backups are encrypted with: 137 bits, for whoever has the disk has all the time in the world. */
export function makeBackupKey(): string {
  return makeWords(7);
}

function makeWords(count: number): string {
  const word = () => Array.from({ length: GROUP }, () => SIGNS[randomInt(SIGNS.length)]).join('');
  return Array.from({ length: count }, word).join('-');
}
