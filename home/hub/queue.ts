import { Failure } from '../../kit/failure.ts';

export interface Queue {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** The last task; what comes after it is refused. Repeated, it is the same. */
  finish(task: () => Promise<void>): Promise<void>;
}

/** One task at a time, in the order they came: WireGuard's peers are changed by several programs, each reading what the one before left. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  let finished: Promise<void> | undefined;
  const append = <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    async run(task) {
      if (finished) throw new Failure('Cannot change peers: the hub is closed');
      return append(task);
    },
    finish(task) {
      finished ??= append(task);
      return finished;
    },
  };
}
