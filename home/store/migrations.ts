import type { DatabaseSync } from 'node:sqlite';
import { Failure } from '../../kit/failure.ts';

/** Each brings a database from the version that is its index to the next. Never changed once released: added to. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE clients (
    client TEXT PRIMARY KEY,
    hostname TEXT NOT NULL,
    language TEXT NOT NULL,
    profile TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ordered', 'claimed', 'claimed-no-tunnel', 'confirmed', 'well', 'revoked')),
    state_since INTEGER NOT NULL
  ) STRICT;

  -- What was ever issued. Rows stay for ever, so that a token is known as used or dead.
  CREATE TABLE orders (
    token_sha256 TEXT PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients,
    generation INTEGER NOT NULL,
    nursery_address TEXT NOT NULL,
    token_expires INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'confirmed', 'reissued', 'revoked')),
    UNIQUE (client, generation)
  ) STRICT;

  -- One a token: the card that took it, and what it was given.
  CREATE TABLE claims (
    token_sha256 TEXT PRIMARY KEY REFERENCES orders,
    client TEXT NOT NULL REFERENCES clients,
    public_key TEXT NOT NULL UNIQUE,
    number INTEGER NOT NULL UNIQUE,
    address TEXT NOT NULL UNIQUE,
    host_key TEXT NOT NULL,
    certificate TEXT,
    certificate_expires INTEGER,
    serial TEXT NOT NULL,
    inventory TEXT NOT NULL,
    diagnosis TEXT,
    claimed_at INTEGER NOT NULL,
    confirmed_at INTEGER
  ) STRICT;

  -- Who may talk to the hub at this moment.
  CREATE TABLE peers (
    public_key TEXT PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    preshared_key TEXT NOT NULL,
    client TEXT NOT NULL REFERENCES clients,
    token_sha256 TEXT NOT NULL REFERENCES orders,
    kind TEXT NOT NULL CHECK (kind IN ('seed', 'card'))
  ) STRICT;
  CREATE INDEX peers_by_client ON peers (client);

  -- Every public key that ever was somebody's.
  CREATE TABLE known_keys (public_key TEXT PRIMARY KEY) STRICT;

  -- The last one of each client.
  CREATE TABLE heartbeats (
    client TEXT PRIMARY KEY REFERENCES clients,
    at INTEGER NOT NULL,
    public_key TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    boot_counter INTEGER NOT NULL,
    earlier_boots TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE reports (client TEXT PRIMARY KEY REFERENCES clients, at INTEGER NOT NULL, text TEXT NOT NULL) STRICT;

  CREATE TABLE alarms (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    client TEXT NOT NULL REFERENCES clients,
    facts TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    UNIQUE (kind, client, facts)
  ) STRICT;
  `,
  `
  -- Who may open the fleet page, with the key of their place in the VPN. A number is an address and never given twice.
  CREATE TABLE operators (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL UNIQUE,
    preshared_key TEXT NOT NULL,
    password TEXT NOT NULL,
    added_at INTEGER NOT NULL
  ) STRICT;

  -- The last 50 of each client. By triggers: so no change of a state can forget it.
  CREATE TABLE state_changes (id INTEGER PRIMARY KEY, client TEXT NOT NULL REFERENCES clients, at INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE INDEX state_changes_by_client ON state_changes (client);
  INSERT INTO state_changes (client, at, state) SELECT client, state_since, state FROM clients;
  CREATE TRIGGER client_is_new AFTER INSERT ON clients BEGIN
    INSERT INTO state_changes (client, at, state) VALUES (NEW.client, NEW.state_since, NEW.state);
  END;
  CREATE TRIGGER client_changed AFTER UPDATE OF state_since ON clients BEGIN
    INSERT INTO state_changes (client, at, state) VALUES (NEW.client, NEW.state_since, NEW.state);
  END;
  CREATE TRIGGER state_changes_have_an_end AFTER INSERT ON state_changes BEGIN
    DELETE FROM state_changes WHERE client = NEW.client
      AND id <= (SELECT id FROM state_changes WHERE client = NEW.client ORDER BY id DESC LIMIT 1 OFFSET 50);
  END;

  CREATE INDEX alarms_by_client ON alarms (client);
  `,
  `
  -- Who has looked into it. An alarm that rises again is as new as the first time.
  ALTER TABLE alarms ADD COLUMN seen_at INTEGER;
  ALTER TABLE alarms ADD COLUMN seen_by TEXT;
  `,
  `
  -- The address of a client's download page, while it is good: the last one alone, and for one order. Of both its capabilities, the hashes.
  CREATE TABLE download_links (
    client TEXT PRIMARY KEY REFERENCES clients,
    token_sha256 TEXT NOT NULL REFERENCES orders,
    page_sha256 TEXT NOT NULL UNIQUE,
    image_sha256 TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- Names of sites on clients' cards, as the orders say: an order may give a name to one client before another order takes it from the other.
  CREATE TABLE domains (client TEXT NOT NULL REFERENCES clients, domain TEXT NOT NULL, PRIMARY KEY (client, domain)) STRICT;
  CREATE INDEX domains_by_domain ON domains (domain);
  `,
  `
  -- An alarm may be of a client that home doesn't know: its order could not be taken.
  CREATE TABLE alarms_of_anybody (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    client TEXT NOT NULL,
    facts TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    seen_at INTEGER,
    seen_by TEXT,
    UNIQUE (kind, client, facts)
  ) STRICT;
  INSERT INTO alarms_of_anybody SELECT id, kind, client, facts, first_at, last_at, times, seen_at, seen_by FROM alarms;
  DROP TABLE alarms;
  ALTER TABLE alarms_of_anybody RENAME TO alarms;
  CREATE INDEX alarms_by_client ON alarms (client);
  `,
  `
  -- Whom operators have to do with: texts by key, as JSON.
  ALTER TABLE clients ADD COLUMN about TEXT NOT NULL DEFAULT '{}';
  `,
  `
  -- Reasons were English sentences, one of them with a number: two that differ in it alone are one now.
  UPDATE OR REPLACE alarms SET facts = json_set(facts, '$.reason', CASE facts ->> '$.reason'
    WHEN 'another serial number' THEN 'another-serial'
    WHEN 'the boot counter went back' THEN 'boot-counter-back'
    WHEN 'two boots with one number' THEN 'two-boots-one-number'
    WHEN 'an earlier boot came back' THEN 'earlier-boot-back'
    WHEN 'its key was used before' THEN 'used-key'
    WHEN 'its address is another card''s' THEN 'taken-address'
    WHEN 'it cannot be opened' THEN 'cannot-open'
    WHEN 'it is not as agreed' THEN 'not-as-agreed'
    WHEN 'it is for a newer home' THEN 'newer-home'
    ELSE 'known-generation' END)
  WHERE facts ->> '$.reason' IS NOT NULL;
  `,
];

export function migrate(connection: DatabaseSync, file: string): void {
  const version = Number(connection.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new Failure(`Cannot open "${file}": it was written by a newer Semeur`, {
      hint: 'Run the newer one, or take back the backup from before it',
    });
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index >= version) connection.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
