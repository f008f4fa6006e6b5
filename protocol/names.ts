/**
 * The short name of a client, a profile, an overlay or an operator: it stands in seeds, orders, addresses and file names. A card checks it without
 * a regular expression, since that would be one more program (check-seed); odd seeds show that both agree.
 */
export const SHORT_NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;
/** One label of a host name: RFC 1123, section 2.1; RFC 1035, section 2.3.4 for its length. */
export const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
