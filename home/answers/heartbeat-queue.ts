import type { Heartbeat } from '../../protocol/requests.ts';
import { Refusal } from '../limits/refusal.ts';
import type { Card } from '../store/cards.ts';
import type { Database } from '../store/database.ts';
import { keepHeartbeat } from '../store/heartbeats.ts';

export interface HeartbeatQueue {
  /** Resolves when it is with the system: many share one transaction. */
  keep(card: Card, beat: Heartbeat, now: number): Promise<void>;
  /** Writes what waits. */
  flush(): void;
}

interface Waiting {
  readonly card: Card;
  readonly beat: Heartbeat;
  readonly now: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Milliseconds that the first of a group waits for others. */
const WINDOW = 5;
/** More than come in a second: memory has an end. */
const MOST_WAITING = 20_000;

export function createHeartbeatQueue(database: Database): HeartbeatQueue {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      database.quickly(() => {
        for (const { card, beat, now } of group) keepHeartbeat(database, card, beat, now);
      });
    } catch (error) {
      for (const { failed } of group) failed(error);
      return;
    }
    for (const { done } of group) done();
  }
  return {
    flush,
    keep(card, beat, now) {
      if (waiting.length >= MOST_WAITING) return Promise.reject(new Refusal('try-again'));
      return new Promise((done, failed) => {
        waiting.push({ card, beat, now, done, failed });
        timer ??= setTimeout(flush, WINDOW);
      });
    },
  };
}
