import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a request allocates is dead when it is answered, so a heap that grows with the load only takes memory. */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  // By how much it may grow until what is dead in it is looked for; at first that is a fixed size, many times of what home needs.
  setFlagsFromString('--heap-growing-percent=20');
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
