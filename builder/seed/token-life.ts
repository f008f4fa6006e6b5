import { type Dated, formatDay } from '../../kit/clock.ts';
import { runLanes } from '../../kit/lanes.ts';
import { findClientKeys, renewClientKeys, TOKEN_DAYS } from './keys.ts';

const DAY = 86_400_000;
const WARNING_DAYS = 30;
/** Files that are open at once. */
const LANES = 24;

/** What was issued to a client last. */
export interface Token {
  readonly client: string;
  readonly generation: number;
  /** ISO 8601. */
  readonly expires: string;
}

/** What has to be said of one. "used": it has ended, and a card has called with it before; "renewed": it had ended, and this is the one in its place. */
export interface TokenNews extends Token {
  readonly is: 'ends soon' | 'ended' | 'used' | 'renewed';
}

/** Whether a card has called with what was issued as this generation, as far as one can know here. */
export type HasCalled = (client: string, generation: number) => boolean;

/** @returns those of clients to whom something was issued and not revoked. */
export async function readTokens(workspace: string, clients: readonly string[]): Promise<Token[]> {
  const found = await runLanes(clients, LANES, async (client) => {
    const keys = await findClientKeys(workspace, client);
    return keys && !keys.revoked ? [{ client, generation: keys.generation, expires: keys.tokenExpires }] : [];
  });
  return found.flat();
}

/** When they were made, as the clock of that day said. */
export function dateTokens(tokens: readonly Token[]): Dated[] {
  return tokens.map(({ client, expires }) => {
    const remedy = `another one was ahead when this was issued: semeur reissue ${client}`;
    return { what: `the token of "${client}"`, date: Date.parse(expires) - TOKEN_DAYS * DAY, remedy };
  });
}

/** @returns those that have ended, or will within a month, unless that does no harm. */
export function judgeTokens(tokens: readonly Token[], now: Date, hasCalled: HasCalled): TokenNews[] {
  return tokens.flatMap((token): TokenNews[] => {
    const left = Date.parse(token.expires) - now.getTime();
    const isUsed = left <= WARNING_DAYS * DAY && hasCalled(token.client, token.generation);
    if (left <= 0) return [{ ...token, is: isUsed ? 'used' : 'ended' }];
    return left <= WARNING_DAYS * DAY && !isUsed ? [{ ...token, is: 'ends soon' }] : [];
  });
}

/** Puts new keys and tokens in the place of those that have ended unused. */
export async function renewTokens(workspace: string, news: readonly TokenNews[], now: Date): Promise<TokenNews[]> {
  return runLanes(news, LANES, async (token): Promise<TokenNews> => {
    if (token.is !== 'ended') return token;
    const { generation } = await renewClientKeys(workspace, token.client, now);
    return { ...token, is: 'renewed', generation };
  });
}

/** One line for people. */
export function describeToken({ client, expires, is, generation }: TokenNews): string {
  const day = formatDay(Date.parse(expires));
  switch (is) {
    case 'ends soon':
      return `The token of "${client}" ends on ${day}: a card that has not called by then is turned away`;
    case 'ended':
      return `The token of "${client}" ended on ${day}: a card that has not called yet is turned away`;
    case 'used':
      return `The token of "${client}" ended on ${day}, and its card has called: home turns away another one, which takes "semeur reissue ${client}"`;
    case 'renewed':
      return [
        `The token of "${client}" had ended on ${day}, so it has a new one, as generation ${generation}: what was made before is worth nothing;`,
        `send out/orders/ to home. A card that has called goes on, and home turns away another one, which takes "semeur reissue ${client}"`,
      ].join(' ');
  }
}
