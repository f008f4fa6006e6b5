import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { isVpnKey } from '../../../protocol/vpn-key.ts';

/**
 * What home of Semeur 0.1.0 took (commit 5917c80), word for word: it refused every key that it didn't know. It stays as it is, so that
 * what is written today can be read as a home reads it that nobody has updated yet.
 */
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const order = z.strictObject({
  order: z.literal(1),
  client: name,
  hostname: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  language: z.enum(['fr', 'en']),
  profile: name,
  generation: z.int().min(1).max(999_999_999),
  publicKey: z.string().refine(isVpnKey),
  presharedKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  nurseryAddress: z
    .string()
    .regex(/^fd[0-9a-f:]{10,37}\/128$/)
    .refine((address) => isIPv6(address.replace('/128', ''))),
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
  tokenExpires: z.iso.datetime(),
  revoked: z.boolean(),
  domains: z.array(z.string().regex(/^[a-z0-9.-]{1,253}$/)).optional(),
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z
  .int()
  .min(0)
  .max(2 ** 48);
const words = z.string().min(1).max(400);

const download = z.strictObject({
  download: z.literal(1),
  file: z.string(),
  type: z.enum(['application/x-xz', 'application/zstd']),
  bytes: count,
  sha256,
  extracted: z.strictObject({ bytes: count, sha256 }),
  profile: name,
  boards: z.array(name).max(20),
  // A digest and one of two names: no path can be written with them.
  prefix: z.strictObject({ digest: sha256, file: z.enum(['prefix.xz', 'prefix.zst']), bytes: count }),
  parts: z.array(z.strictObject({ of: z.enum(['prefix', 'tail']), offset: count, length: count })).max(1000),
  tail: z.base64().optional(),
  client: z
    .strictObject({
      client: name,
      name: words,
      tokenSha256: sha256,
      services: z.array(z.strictObject({ path: name, fr: words, en: words })).max(100),
      seed: z.base64().optional(),
    })
    .optional(),
});

/** @param bytes at most, in UTF-8; no control characters. */
function text(bytes = 128, { lines = false } = {}): z.ZodType<string> {
  const control = lines ? /[^\P{Cc}\n]|[\p{Zl}\p{Zp}]/u : /[\p{Cc}\p{Zl}\p{Zp}]/u;
  return z.string().refine((value) => Buffer.byteLength(value) <= bytes && !control.test(value) && value.isWellFormed());
}

const whole = z.int().min(0);

const claim = z.strictObject({
  token: text(),
  publicKey: text(),
  hostKey: text(200),
  generation: z.int().min(1).max(999_999_999),
  diagnosis: z.enum(['udp-blocked', 'no-handshake']).optional(),
  inventory: z.strictObject({ serial: text(), model: text(), mac: text(), profile: text(), build: text(), bootId: text() }),
});

const heartbeat = z.strictObject({
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
  // Seconds since 1970; null: never yet. Not of a card without backups.
  backup: z.strictObject({ at: whole.nullable(), failed: z.boolean(), restoreAt: whole.nullable(), restoreFailed: z.boolean() }).optional(),
  // A card that installs security updates says how that went; `reboot`: one of them works only after a start.
  updates: z.strictObject({ at: whole.nullable(), failed: z.boolean(), reboot: z.boolean() }).optional(),
  // A card whose site is open to the internet directly says what its domain's AAAA record has to say.
  ipv6: z.ipv6().optional(),
});

const report = z.strictObject({ client: text(), text: text(8192, { lines: true }) });

const confirm = z.strictObject({});

export const FIRST_RELEASE = { order, download, claim, heartbeat, report, confirm } as const;
