import { randomBytes } from 'node:crypto';
import { raiseAlarm } from '../../home/store/alarms.ts';
import { confirmCard, findCard } from '../../home/store/cards.ts';
import { takeClaim } from '../../home/store/claims.ts';
import type { Database } from '../../home/store/database.ts';
import { keepHeartbeat } from '../../home/store/heartbeats.ts';
import { takeOrder } from '../../home/store/orders.ts';
import { beatOf, claimOf, issue, NETWORK } from './sample-fleet.ts';

/** A fleet as it may be: of forty cards 34 are well; each of the others is in another state, or in another trouble. */
export function addCards(database: Database, count: number, now = Date.now()): void {
  database.durably(() => {
    // One transaction for all: ten thousand by themselves would take minutes.
    const within: Database = { ...database, durably: (task) => task(), quickly: (task) => task() };
    for (let number = 1; number <= count; number++) addCard(within, number, now);
  });
}

/** Its client is "client-00001" and so on. */
function addCard(database: Database, number: number, now: number): void {
  const client = `client-${String(number).padStart(5, '0')}`;
  const [kind, low] = [number % 40, (number % 65536).toString(16)];
  const key = randomBytes(32).toString('base64');
  const issued = issue(client, { publicKey: key, nurseryAddress: `fd5e:3e0f:1a2b:ffff:1:2:${(number >> 16) + 1}:${low}/128`, revoked: kind === 9 });
  takeOrder(database, issued.order, now - 1e9);
  if (kind === 8 || kind === 9) return;
  const claim = claimOf(issued, { publicKey: randomBytes(32).toString('base64'), serial: `10000000${String(number).padStart(8, '0')}` });
  const { address } = takeClaim(database, NETWORK, claim, { way: 'public' }, now - 9.5e8);
  const card = findCard(database, address);
  if (kind === 7 || !card) return;
  confirmCard(database, card, now - 9e8);
  const failedUnits = kind === 5 ? ['caddy.service', 'semeur-backup.service'] : [];
  const beat = beatOf({ serial: card.serial, failedUnits, report: kind === 4 ? 'needs-help' : 'done', temperature: 40_000 + number });
  keepHeartbeat(database, card, beat, kind === 6 ? now - 7_200_000 : now - number);
  if (kind === 3) raiseAlarm(database, { kind: 'second-card', client, facts: { first: card.serial, second: '10000000ffffffff' } }, now);
}
