/** Exit codes of every verb (README.md, under its commands): scripts rely on them. */
export const EXIT = { done: 0, failure: 1, usage: 2, missingProgram: 3, interrupted: 130 } as const;

export interface FailureOptions {
  /** What the reader should do next, one sentence. */
  readonly hint?: string;
  /** What the program that failed said itself, line by line: shown below the hint. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
  readonly exitCode?: number;
}

/** A failure that was foreseen: main prints its message and hint, no stack. Everything else thrown is a bug. */
export class Failure extends Error {
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly exitCode: number;

  constructor(message: string, { hint, cause, details = detailsOf(cause), exitCode = EXIT.failure }: FailureOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.hint = hint;
    this.details = details;
    this.exitCode = exitCode;
  }
}

/** A failure that tells another one in its own words still shows what the program said. */
function detailsOf(cause: unknown): readonly string[] {
  return cause instanceof Failure ? cause.details : [];
}
