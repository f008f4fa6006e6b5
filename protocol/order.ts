import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { type Reading, readMessage } from './message.ts';
import { HOST_NAME, SHORT_NAME } from './names.ts';
import { isVpnKey } from './vpn-key.ts';

/**
 * What home is told of a client: written by `build`, `reissue` and `revoke` to out/orders/CLIENT.json, read by `home serve`.
 * No private key of a client and no token is in it. What a later version adds is optional, so that an older home takes the order without it;
 * what changes a meaning makes it version 2.
 */
const orderSchema = z.object({
  order: z.literal(1),
  client: z.string().regex(SHORT_NAME),
  hostname: z.string().regex(HOST_NAME),
  language: z.enum(['fr', 'en']),
  profile: z.string().regex(SHORT_NAME),
  /** Rises when keys are issued anew: an order of a higher generation ends the ones before. */
  generation: z.int().min(1).max(999_999_999),
  /** The public half of the seed's key, base64 as wg(8) has it. */
  publicKey: z.string().refine(isVpnKey),
  presharedKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  /** "…/128", from the key. */
  nurseryAddress: z
    .string()
    .regex(/^fd[0-9a-f:]{10,37}\/128$/)
    .refine((address) => isIPv6(address.replace('/128', ''))),
  /** Lower-case hex. */
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** ISO 8601; home alone judges it. */
  tokenExpires: z.iso.datetime(),
  /** For good: a client comes back by a higher generation. */
  revoked: z.boolean(),
  /**
   * Nobody asked for new keys: the token before had ended unused, as far as the builder can know. Home puts such an order aside where a card has called
   * with the one before. Left out otherwise.
   */
  renewed: z.literal(true).optional(),
  /** Names in small letters of sites on the client's card, to which home passes visitors; left out where there are none. */
  domains: z
    .array(z.string().regex(/^[a-z0-9.-]{1,253}$/))
    .readonly()
    .optional(),
  /** Whom operators have to do with, in texts that home keeps and shows as they are: "name", "phone". Left out where the file says no more than a name. */
  about: z
    .record(z.string().regex(/^[a-z]{1,32}$/), z.string().max(1000))
    .refine((about) => Object.keys(about).length <= 16)
    .optional(),
});

export type Order = Readonly<z.output<typeof orderSchema>>;

export function orderFile(client: string): string {
  return `${client}.json`;
}

/** @throws {RangeError} when home would not take it: that is a bug of the caller. */
export function renderOrder(order: Order): string {
  const text = `${JSON.stringify(order, null, 2)}\n`;
  const reading = parseOrder(text);
  if (!reading.message) throw new RangeError(`Cannot render an order for "${order.client}": ${reading.wrong.join(', ')}`);
  return text;
}

export function parseOrder(text: string): Reading<Order> {
  return readMessage(orderSchema, text, 'order');
}
