/** Home's listeners in the tunnel: for cards, for operators' browsers, and for those who watch the fleet. */
export const TUNNEL_PORT = 8080;
export const PAGE_PORT = 8081;
export const METRICS_PORT = 9180;
/** On cards: a client's site, the card's own page, and node_exporter. */
export const SITE_PORT = 443;
export const STATUS_PORT = 8480;
export const CARD_METRICS_PORT = 9100;
