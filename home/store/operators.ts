import type { FleetNetwork } from '../../protocol/addresses.ts';
import type { Database } from './database.ts';
import { isKnownKey, type Peer, rememberKey } from './peers.ts';

/** Who looks after the fleet: a device in the VPN, and a password. */
export interface Operator {
  readonly name: string;
  readonly number: number;
  readonly publicKey: string;
  /** The password in the form that home/store/password.ts keeps. */
  readonly password: string;
}

export interface NewOperator extends Pick<Operator, 'name' | 'publicKey' | 'password'> {
  readonly presharedKey: string;
}

/** @returns their number; 'name' or 'key' when somebody has that name, or the key is or ever was somebody's. */
export function addOperator(database: Database, operator: NewOperator, now: number): number | 'name' | 'key' {
  return database.durably(() => {
    if (findOperator(database, operator.name)) return 'name';
    if (isKnownKey(database, operator.publicKey)) return 'key';
    rememberKey(database, operator.publicKey);
    const { name, publicKey, presharedKey, password } = operator;
    const row = database
      .sql('INSERT INTO operators (name, public_key, preshared_key, password, added_at) VALUES (?, ?, ?, ?, ?) RETURNING number')
      .get(name, publicKey, presharedKey, password, now);
    return Number(row?.['number']);
  });
}

/** @returns false if there is none. */
export function removeOperator(database: Database, name: string): boolean {
  return database.durably(() => database.sql('DELETE FROM operators WHERE name = ?').run(name).changes !== 0);
}

export function findOperator(database: Database, name: string): Operator | undefined {
  return database.sql('SELECT name, number, public_key AS publicKey, password FROM operators WHERE name = ?').get(name) as Operator | undefined;
}

export function listOperators(database: Database): Operator[] {
  return database.sql('SELECT name, number, public_key AS publicKey, password FROM operators ORDER BY name').all() as unknown as Operator[];
}

/** For the hub, beside the cards'. */
export function listOperatorPeers(database: Database, network: FleetNetwork): Peer[] {
  const rows = database.sql('SELECT number, public_key AS publicKey, preshared_key AS presharedKey FROM operators').all();
  return rows.map(({ number, publicKey, presharedKey }) => ({
    publicKey: String(publicKey),
    presharedKey: String(presharedKey),
    address: `${network.operator(Number(number))}/128`,
  }));
}
