import { type ClaimRequest, hasBadKey } from '../../protocol/requests.ts';
import { asRefusal, Refusal } from '../limits/refusal.ts';
import { type ClaimSource, keepCertificate, type StandingClaim, takeClaim } from '../store/claims.ts';
import type { Home } from './home.ts';

/**
 * A card takes its place. On the disk first, then at the hub, then answered: whoever hears an answer has a peer there, and a cut between
 * leaves what the same claim again goes on from.
 */
export async function answerClaim(home: Home, request: ClaimRequest, source: ClaimSource, now: number): Promise<string> {
  if (hasBadKey(request)) throw new Refusal('bad-key');
  const claim = takeClaimLogged(home, request, source, now);
  await home.hub.setPeer(claim.peer).catch((error: unknown) => {
    throw new Refusal('try-again', error);
  });
  const certificate = claim.certificate ?? (await certify(home, claim, now));
  const lines = {
    address: claim.peer.address,
    'hub-address': home.network.hub,
    'hub-key': home.hubKey,
    'preshared-key': claim.peer.presharedKey,
    operators: home.network.operators,
    time: Math.floor(now / 1000),
    'host-certificate': certificate,
  };
  return renderLines(lines);
}

/** "name value" lines, which sh reads. */
export function renderLines(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

function takeClaimLogged(home: Home, request: ClaimRequest, source: ClaimSource, now: number): StandingClaim {
  const { serial, model, profile } = request.inventory;
  try {
    const claim = takeClaim(home.database, home.network, request, source, now);
    if (claim.isNew) home.log.info({ client: claim.client, address: claim.address, way: source.way, serial, model, profile }, 'claimed');
    return claim;
  } catch (error) {
    const refusal = asRefusal(error);
    home.log.warn({ word: refusal.word, way: source.way, serial, model, ...(refusal.word === 'internal' ? { err: error } : {}) }, 'claim refused');
    throw error;
  }
}

/** Two that sign at once answer what was kept first; a host key that was changed meanwhile asks again. */
async function certify(home: Home, claim: StandingClaim, now: number): Promise<string> {
  const { line, expires } = await home.hostCa.sign(claim, now);
  const kept = keepCertificate(home.database, claim.peer.publicKey, claim.hostKey, line, expires);
  if (kept === undefined) throw new Refusal('try-again');
  return kept;
}
