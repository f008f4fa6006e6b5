/** What cards are told when they don't get what they ask: status, and one fixed sentence. What else is known goes to the log alone. */
const REFUSALS = {
  'bad-request': [400, 'The request is not in the form that the protocol gives.'],
  'bad-key': [400, 'The key is none that can be used.'],
  'bad-signature': [401, 'The signature is not that of a card known by this name.'],
  mismatch: [403, 'Token, key, generation and address do not belong together.'],
  'key-known': [403, 'This key was used before: make a new one.'],
  'unknown-address': [403, 'No card is known at this address.'],
  'unknown-token': [404, 'The token is unknown.'],
  'not-found': [404, 'There is nothing here.'],
  'token-used': [409, 'The token was used by another card.'],
  expired: [410, 'The token has expired.'],
  reissued: [410, 'A newer image was issued.'],
  revoked: [410, 'The image was revoked.'],
  'too-large': [413, 'The request is too large.'],
  'not-json': [415, 'The request is not JSON.'],
  'too-many': [429, 'There are too many requests from this address.'],
  internal: [500, 'Home made a mistake and has noted it.'],
  'try-again': [503, 'Home cannot write just now.'],
} as const;

export type RefusalWord = keyof typeof REFUSALS;

/** Seconds, told with 429 and 503. */
const RETRY_AFTER = 30;

export class Refusal extends Error {
  readonly status: number;
  readonly word: RefusalWord;
  readonly retryAfter: number | undefined;

  constructor(word: RefusalWord, cause?: unknown) {
    const [status, sentence] = REFUSALS[word];
    super(sentence, { cause });
    this.name = 'Refusal';
    this.status = status;
    this.word = word;
    this.retryAfter = status === 429 || status === 503 ? RETRY_AFTER : undefined;
  }
}

/** SQLite's own codes: busy, locked, out of memory, I/O error, full. Nothing was written, and it may go well later. */
const TRY_AGAIN = [5, 6, 7, 10, 13];

/** What is answered, whatever was thrown. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code, errcode, statusCode } = error as { code?: unknown; errcode?: unknown; statusCode?: unknown };
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && TRY_AGAIN.includes(errcode & 0xff)) return new Refusal('try-again', error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('too-large', error);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Refusal('not-json', error);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return new Refusal('bad-request', error);
  return new Refusal('internal', error);
}
