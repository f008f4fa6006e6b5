import { isIP, isIPv6 } from 'node:net';
import { asAsciiName } from './names.ts';
import type { Rule } from './rule.ts';

/** RFC 4193: fd, 40 random bits, and our /48 below them. */
export const refusePrefix: Rule = (value) => {
  if (/^fd[0-9a-f]{2}(:(0|[1-9a-f][0-9a-f]{0,3})){2}::\/48$/.test(value)) return undefined;
  const [address = '', length] = value.split('/');
  const message = 'Expected a private IPv6 network, as "fdXX:XXXX:XXXX::/48" in small letters';
  if (isIPv6(address) && length !== '48') return { message, hint: 'End it with "/48"' };
  if (isIPv6(address) && !/^fd/i.test(address))
    return { message, hint: 'Addresses that begin with "fd" are nobody else\'s: choose the other digits at random' };
  return { message };
};

/** "host:port" or "[IPv6]:port". */
export const refuseEndpoint: Rule = (value) => {
  const message = 'Expected "host:port"';
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/i.exec(value);
  if (!match) return { message, hint: isIPv6(value) ? `Write an IPv6 address in brackets: "[${value}]:51820"` : 'Such as "vpn.example.org:51820"' };
  const [, bracketed, host = '', port = ''] = match;
  if (Number(port) < 1 || Number(port) > 65535 || port.startsWith('0')) return { message: `${message}, with a port from 1 to 65535` };
  if (bracketed === undefined ? isHost(host) : isIPv6(bracketed)) return undefined;
  const hint = hintAscii(host);
  if (hint !== undefined) return { message, hint };
  return { message: `${message}, with the name or the address of a host` };
};

/** An IPv4 address, or a name whose last label is no number (which would be a mistyped address). */
function isHost(host: string): boolean {
  if (isIP(host) === 4) return true;
  const labels = host.split('.');
  const named = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
  return named && host.length <= 253 && !/^[0-9]+$/.test(labels.at(-1) ?? '');
}

/** @returns undefined for a name without accents. */
function hintAscii(name: string): string | undefined {
  const ascii = asAsciiName(name);
  if (/^\p{ASCII}*$/u.test(name)) return undefined;
  return ascii === name ? 'A name with accents stands here as it is registered, beginning with "xn--"' : `Write it as it is registered: "${ascii}"`;
}

/** The name of a site that all the world can come by. */
export const refuseDomain: Rule = (value) => {
  const message = 'Expected the full name of a site, in small letters';
  const hint = hintAscii(value);
  if (hint !== undefined) return { message, hint };
  const isPublic = isHost(value) && isIP(value) === 0 && value === value.toLowerCase() && value.includes('.') && !value.endsWith('.local');
  return isPublic ? undefined : { message, hint: 'Such as "www.example.org", registered and led to home by the DNS' };
};

export const refuseHomeUrl: Rule = (value) => refuseBareUrl(value, 'cards send their token there');

export const refuseDownloadsUrl: Rule = (value) => refuseBareUrl(value, 'images hold the keys of their card');

/** @param reason why it can't be http. */
function refuseBareUrl(value: string, reason: string): ReturnType<Rule> {
  const message = 'Expected an https address with no path';
  const url = URL.parse(value);
  if (!url || /\s/.test(value)) return { message, hint: 'Such as "https://home.example.org"' };
  if (url.protocol !== 'https:') return { message, hint: `Begin it with "https://": ${reason}` };
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return bare ? undefined : { message, hint: `Such as "${url.origin}"` };
}

/** An address of this machine, not a name, and a port. */
export const refuseListen: Rule = (value) => {
  const [, host = '', port = ''] = /^\[?([0-9a-f.:]+?)\]?:([0-9]{1,5})$/i.exec(value) ?? [];
  if (isIP(host) !== 0 && (isIP(host) === 6) === value.startsWith('[') && Number(port) <= 65535) return undefined;
  return { message: 'Expected "address:port" of this machine', hint: 'Such as "[::]:8443" for every address' };
};

/** An address without user, password and query, or a path. */
export const refuseRelease: Rule = (value) => {
  const url = /^[a-z]+:/i.test(value) ? URL.parse(value) : undefined;
  if (url === undefined && value.trim() !== '') return undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && `${url.username}${url.search}${url.hash}` === '' && !/\s/.test(value)) return undefined;
  return { message: "Expected the http or https address of a release, or its folder's path from the workspace" };
};

export const refuseMirror: Rule = (value) => {
  const url = URL.parse(value);
  if (url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && !/\s/.test(value)) return undefined;
  return { message: 'Expected the http or https address of a Debian mirror' };
};
