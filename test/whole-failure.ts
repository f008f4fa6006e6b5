import type { Failure } from '../kit/failure.ts';

/** For a test that looks for what a program said, or has to show it: `runCommand(argv).catch(tellWhole)`. @throws {Error} with hint and last words too. */
export function tellWhole({ message, hint = '', details }: Failure): never {
  throw new Error([message, hint, ...details].join('\n'));
}
