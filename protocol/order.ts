/**
 * What home is told of a client: written by `build`, `reissue` and `revoke` to out/orders/CLIENT.json, read by `home serve`.
 * No private key of a client and no token is in it.
 */
export interface Order {
  readonly order: 1;
  readonly client: string;
  readonly hostname: string;
  readonly language: 'fr' | 'en';
  readonly profile: string;
  /** Rises when keys are issued anew: an order of a higher generation ends the ones before. */
  readonly generation: number;
  /** The public half of the seed's key, base64 as wg(8) has it. */
  readonly publicKey: string;
  readonly presharedKey: string;
  /** "…/128", from the key. */
  readonly nurseryAddress: string;
  /** Lower-case hex. */
  readonly tokenSha256: string;
  /** ISO 8601; home alone judges it. */
  readonly tokenExpires: string;
  /** For good: a client comes back by a higher generation. */
  readonly revoked: boolean;
  /**
   * Nobody asked for new keys: the token before had ended unused, as far as the builder can know. Home puts such an order aside where a card has called
   * with the one before. Left out otherwise.
   */
  readonly renewed?: true | undefined;
  /** Names in small letters of sites on the client's card, to which home passes visitors; left out where there are none. */
  readonly domains?: readonly string[] | undefined;
}
