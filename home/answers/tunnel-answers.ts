import type { Heartbeat } from '../../protocol/requests.ts';
import { Refusal } from '../limits/refusal.ts';
import { type Card, confirmCard } from '../store/cards.ts';
import { renewCertificate } from '../store/claims.ts';
import { renderLines } from './claim.ts';
import { applyPeerChanges, type Home } from './home.ts';
import { isHalfSpent } from './host-ca.ts';

/** Seconds until a card comes again. */
const INTERVAL = 300;

/** The request alone is the proof: it came from the final address, which takes the card's own key. */
export async function answerConfirm(home: Home, remote: string, now: number): Promise<string> {
  await confirm(home, findCardAt(home, remote), now);
  return answerTime(now);
}

export async function answerHeartbeat(home: Home, remote: string, beat: Heartbeat, renewals: Renewals, now: number): Promise<string> {
  const card = findCardAt(home, remote);
  // Home may have been restored from a backup since.
  if (!card.isConfirmed) await confirm(home, card, now);
  await home.heartbeats.keep(card, beat, now);
  home.counts.heartbeats += 1;
  const certificate = await renewals.certificateFor(card, beat.certificateExpires, now);
  return answerTime(now) + renderLines({ interval: INTERVAL, ...(certificate === undefined ? {} : { 'host-certificate': certificate }) });
}

export function answerTime(now: number): string {
  return renderLines({ time: Math.floor(now / 1000) });
}

export interface Renewals {
  /** @param expires as the card says, in seconds. @returns a line when the card needs one. */
  certificateFor(card: Card, expires: number | null, now: number): Promise<string | undefined>;
}

/** Signs one at a time: a fleet that was flashed in one day is past its half life in one day too, and the others ask again in five minutes. */
export function createRenewals(home: Pick<Home, 'database' | 'hostCa' | 'log'>): Renewals {
  let isSigning = false;
  return {
    async certificateFor(card, expires, now) {
      if (expires !== null && !isHalfSpent(expires * 1000, now)) return undefined;
      if (card.certificate !== null && card.certificateExpires !== null && !isHalfSpent(card.certificateExpires, now)) return card.certificate;
      if (isSigning) return undefined;
      isSigning = true;
      try {
        const { line, expires: until } = await home.hostCa.sign(card, now);
        renewCertificate(home.database, card.publicKey, line, until);
        return line;
      } catch (error) {
        home.log.error({ client: card.client, err: error }, 'cannot renew a host certificate');
        return undefined;
      } finally {
        isSigning = false;
      }
    },
  };
}

function findCardAt({ sources, findCard }: Home, remote: string): Card {
  const address = sources.cardAddress(remote);
  const card = address === undefined ? undefined : findCard(address);
  if (!card) throw new Refusal('unknown-address');
  return card;
}

async function confirm(home: Home, card: Card, now: number): Promise<void> {
  const changes = confirmCard(home.database, card, now);
  if (!card.isConfirmed) home.log.info({ client: card.client, address: card.address }, 'confirmed');
  await applyPeerChanges(home, changes);
}
