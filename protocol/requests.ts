import { z } from 'zod';
import { STATUS_MEMBERS } from './status.ts';
import { isVpnKey } from './vpn-key.ts';

/**
 * What cards ask (docs/protocol.md). A card may be newer than home: keys that this version doesn't know are left out, neither kept nor named, since
 * anybody may send them. The body's own bounds (16 KiB, nested 4 deep) are checked before, so an unknown key costs no more than a known one.
 */

/** @param bytes at most, in UTF-8; no control characters. */
function text(bytes = 128, { lines = false } = {}): z.ZodType<string> {
  const control = lines ? /[^\P{Cc}\n]|[\p{Zl}\p{Zp}]/u : /[\p{Cc}\p{Zl}\p{Zp}]/u;
  return z.string().refine((value) => Buffer.byteLength(value) <= bytes && !control.test(value) && value.isWellFormed());
}

const whole = z.int().min(0);

const claimSchema = z.object({
  token: text(),
  publicKey: text(),
  hostKey: text(200),
  generation: z.int().min(1).max(999_999_999),
  diagnosis: z.enum(['udp-blocked', 'no-handshake']).optional(),
  inventory: z.object({ serial: text(), model: text(), mac: text(), profile: text(), build: text(), bootId: text() }),
});
export type ClaimRequest = z.output<typeof claimSchema>;

const heartbeatSchema = z.object({
  bootId: text(),
  bootCounter: whole,
  serial: text(),
  uptime: whole,
  clock: z.int(),
  temperature: z.int().nullable(),
  rootFree: whole.nullable(),
  rootSize: whole.nullable(),
  failedUnits: z.array(text()).max(20),
  /** Cards made before services had a health check send none. */
  illServices: z.array(text()).max(20).optional(),
  remoteAccess: z.enum(['on', 'off']),
  underVoltage: z.boolean().nullable(),
  certificateExpires: z.int().nullable(),
  report: z.enum(['done', 'working', 'needs-help']),
  build: text(),
  steps: text(512).optional(),
  ...STATUS_MEMBERS,
  // A card whose site is open to the internet directly says what its domain's AAAA record has to say.
  ipv6: z.ipv6().optional(),
});
export type Heartbeat = z.output<typeof heartbeatSchema>;

const reportSchema = z.object({ client: text(), text: text(8192, { lines: true }) });
export type CardReport = z.output<typeof reportSchema>;

const confirmSchema = z.object({});

export const REQUESTS = { claim: claimSchema, heartbeat: heartbeatSchema, report: reportSchema, confirm: confirmSchema } as const;

/** @returns what is wrong with the keys of a claim that has the right form. */
export function hasBadKey({ publicKey, hostKey }: ClaimRequest): boolean {
  return !isVpnKey(publicKey) || !isHostKey(hostKey);
}

/** "ssh-ed25519 BASE64": RFC 8709, section 4. */
function isHostKey(line: string): boolean {
  const [, base64 = ''] = /^ssh-ed25519 ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  const blob = Buffer.from(base64, 'base64');
  const head = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');
  return blob.length === head.length + 32 && blob.subarray(0, head.length).equals(head) && blob.toString('base64') === base64;
}
