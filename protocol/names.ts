/** The short name of a client, a profile or an overlay: it stands in seeds, orders, addresses and file names. firstboot's check-seed has it from the builder. */
export const SHORT_NAME = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;
/** One label of a host name: RFC 1123, section 2.1; RFC 1035, section 2.3.4 for its length. */
export const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
