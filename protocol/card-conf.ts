import { CARD_METRICS_PORT, STATUS_PORT, TUNNEL_PORT } from './ports.ts';
import { REGION_BYTES, REPORT_BYTES } from './sizes.ts';

/** Where a card has what its shell programs must know of this protocol: they source it. */
export const CARD_CONF = '/usr/lib/semeur/profile/card.conf';

/** For sh: lines NAME=NUMBER, which no value can break out of. */
export function renderCardConf(): string {
  const values = {
    HOME_PORT: TUNNEL_PORT,
    STATUS_PORT,
    METRICS_PORT: CARD_METRICS_PORT,
    REGION_BYTES,
    REPORT_BYTES,
  } satisfies Record<string, number>;
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
